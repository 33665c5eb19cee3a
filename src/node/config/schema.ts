import { z } from "zod";
import { STREAM_PRESETS, type StreamPreset, type StreamSettings, streamSettingsSchema } from "../../protocol/index.ts";

import type { ConfiguredCamera } from "./cameras.ts";

/** What a setting says about itself besides zod's checks; it travels through the JSON schema. */
export type SettingMeta = {
  /** What it may be, where the type alone does not say so; completes "must be …". */
  readonly expects?: string;
  /** The default in words, where it depends on the machine or on another setting. */
  readonly defaultText?: string;
  /** Never repeated in messages. */
  readonly secret?: boolean;
};

/** Ways to capture, in no order; which one is best is the agent's to say. */
const CAPTURE_BACKENDS = [
  ...(["auto", "x11-shm", "x11-get-image"] as const),
  ...(["libav-x11grab", "libav-gdigrab", "libav-ddagrab", "libav-avfoundation"] as const),
] as const;

const ENCODERS = [
  ...(["auto", "h264_nvenc", "h264_qsv", "h264_amf", "h264_vaapi", "h264_videotoolbox", "libx264"] as const),
] as const;

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"] as const;

const text = (description: string, meta: SettingMeta = {}) =>
  z
    .string()
    .min(1)
    .max(4096)
    .meta({ description, ...meta });

const token = (description: string, defaultText: string) =>
  z
    .string()
    .regex(/^[\w~.-]{16,256}$/)
    .optional()
    .meta({ description, defaultText, expects: "16 to 256 letters, digits or any of - _ . ~", secret: true });

const PRESETS = Object.keys(STREAM_PRESETS) as [StreamPreset, ...StreamPreset[]];

const stream = streamSettingsSchema.shape;

/** One of the stream's settings without its default, so that the preset shows through where it is not set. */
function override<T extends z.ZodType>(setting: z.ZodDefault<T>) {
  const description = `${setting.description ?? ""} Otherwise the preset's, or ${String(setting.def.defaultValue)}.`;
  return (setting.unwrap() as T).optional().meta({ description });
}

/**
 * Every setting of Sightline, whether it comes from a flag, the environment or a file. The reference in docs/config.md,
 * the flags of the command line and the names of the environment variables are made from it.
 */
export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[^\s/]{1,64}$/u)
    .optional()
    .meta({
      description: "Names this machine in the list of sources and in links.",
      defaultText: "the machine's host name",
      expects: "1 to 64 characters without spaces and slashes",
    }),
  host: text("Address to listen on. Other machines reach the hub only when this is not a loopback address.").default(
    "127.0.0.1",
  ),
  port: z.int().min(0).max(65535).default(8460).meta({ description: "Port to listen on; 0 takes any free one." }),
  publicNames: z
    .string()
    .regex(/^[\w.:-]+(,[\w.:-]+)*$/)
    .optional()
    .meta({
      description:
        "Host names under which browsers reach the hub, separated by commas. Its own addresses and `localhost` need no mention.",
      expects: 'host names such as "desk.example,desk.example:8460"',
    }),
  tls: z.enum(["off", "auto"]).default("off").meta({
    description:
      "`auto` serves HTTPS with a certificate of its own, made once with openssl; browsers warn about it. A certificate of yours goes into tlsKey and tlsCert instead.",
  }),
  tlsKey: text("File with the private key (PEM) of the HTTPS certificate.").optional(),
  tlsCert: text("File with the HTTPS certificate (PEM), intermediate certificates included.").optional(),
  insecure: z.boolean().default(false).meta({
    description: "Allows to listen beyond this machine without HTTPS: whoever can listen in on the network sees all.",
  }),
  token: token("What a person needs to get in, as part of the URL.", "made once and kept in the state folder"),
  agentToken: token("What an agent on another machine needs to connect.", "made once and kept in the state folder"),
  state: text("Folder for what is kept between runs: tokens and the certificate of `tls: auto`.", {
    defaultText: "`$XDG_STATE_HOME/sightline` or `~/.local/state/sightline`",
  }).optional(),
  hub: z
    .string()
    .regex(/^(https?|wss?):\/\/[^\s/]+\/?$/)
    .optional()
    .meta({
      description: "`sightline agent` only: the hub to connect to.",
      expects: 'an address such as "https://hub.example:8460"',
    }),
  hubCert: text(
    "`sightline agent` only: file with the certificate (PEM) to trust when the hub has one of its own (`tls: auto`).",
  ).optional(),
  display: z
    .string()
    .regex(/^(auto|virtual|[\w.-]*:\d+(\.\d+)?)$/)
    .default("auto")
    .meta({
      description:
        "X display to show. `auto` takes `$DISPLAY`, or a virtual desktop where there is none; `virtual` always takes a virtual desktop.",
      expects: '"auto", "virtual" or a display such as ":0"',
    }),
  desktopSize: z
    .string()
    .regex(/^[1-9]\d{2,3}x[1-9]\d{2,3}$/)
    .default("1920x1080")
    .meta({ description: "Size of the virtual desktop in pixels.", expects: 'a size such as "1920x1080"' }),
  capture: z.enum(CAPTURE_BACKENDS).default("auto").meta({
    description: "Way to capture the screen; `auto` takes the best that works.",
  }),
  encoder: z.enum(ENCODERS).default("auto").meta({
    description: "H.264 encoder by its FFmpeg name; `auto` takes the first that really encodes a picture here.",
  }),
  encoderFault: z.int().min(1).max(1_000_000).optional().meta({
    description:
      "For testing only: an encoder that fails at this picture comes before all others, so that the next one has to take over.",
    defaultText: "off",
  }),
  preset: z.enum(PRESETS).default("low-latency").meta({
    description: "Named set of stream settings, which the `stream` settings override one by one.",
  }),
  stream: z
    .strictObject({
      width: override(stream.width),
      height: override(stream.height),
      fps: override(stream.fps),
      bitrate: override(stream.bitrate),
      crf: override(stream.crf),
      preset: override(stream.preset),
      tune: override(stream.tune),
      hardware: override(stream.hardware),
      jpegQuality: override(stream.jpegQuality),
    })
    .prefault({}),
  tunnel: z
    .strictObject({
      targets: text(
        'What may be reached through this machine: "host:ports" with commas in between. A host is a name, `*.domain`, an address, a CIDR block or `*`; ports are one, a range or `*`. Docs: tubes.md.',
        { defaultText: "nothing" },
      ).optional(),
      listens: text(
        'Where `sightline forward -R` may listen on this machine: "address:ports", written like tunnel.targets.',
        { defaultText: "nowhere" },
      ).optional(),
      audit: text("File to which a line of JSON is appended for every connection through this machine.", {
        defaultText: "`tunnel-audit.jsonl` in the state folder",
      }).optional(),
      machines: text(
        "YAML file with the machines that this agent offers in the page, with the credentials for them, which stay with the agent. Docs: tunnels.md.",
        { defaultText: "none; people give an address" },
      ).optional(),
      guacd: z
        .string()
        .regex(/^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/)
        .optional()
        .meta({
          description: "guacd through which the page reaches machines by RDP, Telnet and Guacamole's other protocols.",
          defaultText: "none",
          expects: 'an address such as "127.0.0.1:4822"',
        }),
      iceServers: text(
        'STUN and TURN servers that the hub names to both ends of a tube: "stun:host:port,turn:user:password@host:port".',
        { defaultText: "none", secret: true },
      ).optional(),
    })
    .prefault({}),
  camera: z
    .strictObject({
      spares: z.int().min(0).max(16).default(1).meta({
        description:
          "Processes that wait for a camera to be watched, so that its first picture comes sooner. Each takes about 120 MB.",
      }),
      graceSeconds: z.int().min(0).max(86_400).default(10).meta({
        description: "A camera that nobody watches any more is closed after this many seconds.",
      }),
      maxAgeHours: z.int().min(1).max(8760).default(24).meta({
        description:
          "A camera's process is replaced when it has run this many hours, without a gap where its source allows.",
      }),
    })
    .prefault({}),
  socksAuth: z
    .string()
    .regex(/^[^:]{1,255}:.{1,255}$/)
    .optional()
    .meta({
      description: "`sightline forward` only: what clients of `-D` must give.",
      defaultText: "none; any program on this machine may use it",
      expects: "user:password",
      secret: true,
    }),
  legacyKvm: z.int().min(0).max(65535).optional().meta({
    description:
      "Port for the browser clients of the older CLEVER-KVM, which look for 9921; 0 takes any free one. Docs: legacy-kvm.md.",
    defaultText: "off",
  }),
  legacyKvmPath: z
    .string()
    .regex(/^\/[\w./-]{0,255}$/)
    .default("/ws")
    .meta({ description: "Path of that WebSocket.", expects: 'a path such as "/ws"' }),
  legacyKvmProfile: z.enum(["auto", "json"]).default("auto").meta({
    description:
      "What those clients are sent: `auto` goes by the codec that each names; `json` is raw RGB inside JSON, with which their mouse positions stay right.",
  }),
  legacyKvmInsecure: z.boolean().default(false).meta({
    description:
      "Lets anybody in who reaches that port, to see and drive every source, instead of those who opened the hub's page in the same browser.",
  }),
  mjpeg: z
    .strictObject({
      clients: z.int().min(1).max(4096).default(256).meta({
        description: "MJPEG streams over HTTP at once.",
      }),
      clientsPerSource: z.int().min(1).max(4096).default(128).meta({
        description: "MJPEG streams of one source at once.",
      }),
      stalledSeconds: z.int().min(2).max(3600).default(15).meta({
        description: "An MJPEG client that takes nothing for so many seconds is disconnected.",
      }),
    })
    .prefault({}),
  events: z
    .strictObject({
      keepDays: z.int().min(1).max(36_500).default(30).meta({
        description: "Movements are kept for so many days.",
      }),
      maxEvents: z.int().min(1).max(10_000_000).default(10_000).meta({
        description: "So many movements are kept at most; the oldest go first.",
      }),
      snapshotMegabytes: z.int().min(1).max(1_000_000).default(500).meta({
        description: "Room for the pictures of movements; the oldest go first.",
      }),
      webhooks: z
        .string()
        .regex(/^https?:\/\/[^\s,]+(,https?:\/\/[^\s,]+)*$/)
        .optional()
        .meta({
          description:
            "URLs that are posted a JSON message when a movement begins and ends, separated by commas. Docs: motion.md.",
          defaultText: "none",
          expects: 'http or https URLs such as "https://home.example/hook"',
          secret: true,
        }),
      webhookSecret: text("Signs what webhooks are sent with HMAC-SHA256.", {
        defaultText: "none; messages are not signed",
        secret: true,
      }).optional(),
      mqtt: z
        .string()
        .regex(/^(mqtts?|wss?):\/\/[^\s]+$/)
        .optional()
        .meta({
          description:
            "MQTT broker that is told when a movement begins and ends; user and password may stand in the URL.",
          defaultText: "none",
          expects: 'a URL such as "mqtt://user:password@broker.example"',
          secret: true,
        }),
      mqttTopic: z
        .string()
        .regex(/^[^\s+#/][^\s+#]{0,127}$/)
        .default("sightline")
        .meta({ description: "What the broker's topics begin with.", expects: 'text without spaces, "+" and "#"' }),
    })
    .prefault({}),
  logLevel: z.enum(LOG_LEVELS).default("warn").meta({ description: "Least severity of what is logged to stderr." }),
});

/** Every setting, with the defaults filled in that do not depend on the machine. */
export type Config = z.infer<typeof configSchema> & {
  /** Cameras of the file; the one setting that is a list, and so has neither flag nor variable. */
  readonly cameras: readonly ConfiguredCamera[];
};

/** The stream settings that a configuration means: the preset's, overridden by the ones set singly, over the defaults. */
export function streamSettingsOf(config: Pick<Config, "preset" | "stream">): StreamSettings {
  const overrides = Object.fromEntries(Object.entries(config.stream).filter(([, value]) => value !== undefined));
  return streamSettingsSchema.parse({ ...STREAM_PRESETS[config.preset], ...overrides });
}
