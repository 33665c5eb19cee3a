import { z } from "zod";
import { dimension, shortText, uint32 } from "./control.ts";
import { motionSettingsSchema } from "./motion.ts";

/** Names a camera in URLs, in the store and as its agent; never changes. */
export const cameraIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and hyphens, such as "front-door"',
});

const host = String.raw`(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?`;

/** A URL of the given schemes without user and password, which are kept apart. */
function urlOf(schemes: string, example: string) {
  return z
    .string()
    .max(2048)
    .regex(new RegExp(String.raw`^(${schemes})://${host}([/?][\x21-\x7e]*)?$`), {
      error: `must be a URL such as "${example}"; user and password go into fields of their own`,
    });
}

const rate = z.number().min(0.1).max(240);

/** Over HTTPS the camera's certificate is not looked at: most cameras have signed their own. */
const anyCertificate = z.boolean().optional();

/** Where a camera's pictures come from. Only these kinds and URL schemes exist; nothing else reaches a demuxer. */
export const cameraSourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("rtsp"),
    url: urlOf("rtsps?", "rtsp://camera.example/stream1"),
    /** `auto` asks for TCP first and UDP where the camera refuses. */
    transport: z.enum(["auto", "tcp", "udp"]).default("auto"),
  }),
  /** One endless HTTP answer: multipart/x-mixed-replace, or JPEGs back to back. */
  z.strictObject({
    kind: z.literal("mjpeg"),
    url: urlOf("https?", "http://camera.example/video.mjpg"),
    anyCertificate,
  }),
  /** One HTTP request per picture. */
  z.strictObject({
    kind: z.literal("snapshot"),
    url: urlOf("https?", "http://camera.example/snapshot.jpg"),
    intervalMs: z.int().min(50).max(86_400_000).default(1000),
    anyCertificate,
  }),
  /** A video file of the agent's machine, played in real time again and again. */
  z.strictObject({ kind: z.literal("file"), path: z.string().min(1).max(4096) }),
  /** A capture device: /dev/video0, or the name that AVFoundation or DirectShow gives it. */
  z.strictObject({
    kind: z.literal("device"),
    device: z
      .string()
      .max(512)
      .regex(/^[^\s-][^\r\n]*$/u),
    width: dimension.optional(),
    height: dimension.optional(),
    fps: rate.optional(),
    inputFormat: z.enum(["auto", "mjpeg", "yuyv422", "h264"]).default("auto"),
  }),
  /** A generated picture. */
  z.strictObject({
    kind: z.literal("test"),
    pattern: z.enum(["testsrc2", "testsrc", "smptehdbars", "mandelbrot", "life"]).default("testsrc2"),
    width: z.int().min(16).max(4096).default(1280),
    height: z.int().min(16).max(4096).default(720),
    fps: rate.default(25),
  }),
  /** The camera of a browser, published from the page. */
  z.strictObject({ kind: z.literal("browser") }),
]);

export type CameraSource = z.infer<typeof cameraSourceSchema>;

/** A camera as people configure it. User and password are not part of it: {@link cameraCredentialsSchema}. */
export const cameraSchema = z.strictObject({
  id: cameraIdSchema,
  name: z.string().min(1).max(128),
  groups: z.array(z.string().min(1).max(64)).max(8).default([]),
  enabled: z.boolean().default(true),
  source: cameraSourceSchema,
  /** `auto` takes libav in the agent's process, and the `ffmpeg` program where that cannot open the source. */
  engine: z.enum(["auto", "libav", "ffmpeg"]).default("auto"),
  /** Whether a hardware decoder or encoder may be used. */
  hardware: z.boolean().default(true),
  /** Captures even while nobody watches. */
  keepOpen: z.boolean().default(false),
  motion: motionSettingsSchema.prefault({}),
});

export type Camera = z.infer<typeof cameraSchema>;

/** What a camera asks for before it delivers; never sent to viewers, never logged. */
export const cameraCredentialsSchema = z.strictObject({
  username: z.string().max(256),
  password: z.string().max(256),
});

export type CameraCredentials = z.infer<typeof cameraCredentialsSchema>;

/** What a source really delivers, measured. */
export const cameraDeliverySchema = z.strictObject({
  /** FFmpeg's name of the codec: "h264", "mjpeg", "hevc", "rawvideo". */
  codec: shortText,
  width: dimension,
  height: dimension,
  fps: z.number().min(0),
  bitrateBps: z.number().min(0),
  /** Which engine captures, and why that one. */
  engine: z.enum(["libav", "ffmpeg", "http", "browser"]),
  engineReason: shortText,
  /** The decoder in use, "software" or the hardware's name, with the reason; empty while nothing is decoded. */
  decoder: shortText,
  /** Opening until the first picture, milliseconds. */
  firstPictureMs: z.number().min(0),
});

export type CameraDelivery = z.infer<typeof cameraDeliverySchema>;

/** An agent's report about its camera: sent when it changes, and every second while pictures come. */
export const cameraReportSchema = z.strictObject({
  state: z.enum(["connecting", "healthy", "degraded", "recovering", "failed"]),
  /** Why it is not healthy: the last error, or what is missing. Never contains credentials. */
  detail: shortText,
  /** Attempts to open it since it last delivered. */
  attempt: z.int().min(0),
  /** Until the next attempt, milliseconds; 0 where none is planned. */
  retryInMs: z.number().min(0),
  delivery: cameraDeliverySchema.optional(),
  pictures: z.int().min(0),
  /** Pictures or bytes that were damaged or too large and left out. */
  discarded: z.int().min(0),
  /** Age of the newest picture, milliseconds; undefined before the first. */
  lastPictureAgeMs: z.number().min(0).optional(),
  /** Memory of the agent's process and its children, bytes. */
  memoryBytes: z.number().min(0).optional(),
});

export type CameraReport = z.infer<typeof cameraReportSchema>;

/** A camera's health as viewers see it. Times are of the hub's clock, microseconds. */
export const cameraHealthSchema = z.strictObject({
  /** `idle`: nobody watches, nothing is captured; `failed`: the last error does not go away by itself. */
  state: z.enum(["idle", "connecting", "healthy", "degraded", "recovering", "failed"]),
  sinceUs: z.number(),
  detail: shortText,
  attempt: z.int().min(0),
  /** When the next attempt begins; 0 where none is planned. */
  retryAtUs: z.number(),
  /** When the newest picture came; 0 before the first. */
  lastPictureUs: z.number(),
  delivery: cameraDeliverySchema.optional(),
  /** Runs of its agent that ended by themselves since the hub started. */
  restarts: uint32,
});

export type CameraHealth = z.infer<typeof cameraHealthSchema>;
