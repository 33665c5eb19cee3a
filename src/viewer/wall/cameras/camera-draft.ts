import { type Camera, type CameraSource, cameraSchema } from "../../../protocol/index.ts";

export type CameraKind = CameraSource["kind"];

/** What a form has in its fields, by their names. */
export type FormValues = Readonly<Record<string, string>>;

export type KindInfo = {
  readonly kind: CameraKind;
  readonly label: string;
  /** One sentence: when to take it. */
  readonly what: string;
  readonly hasCredentials: boolean;
};

/** The kinds of cameras, in the order in which they are offered. */
export const KINDS: readonly KindInfo[] = [
  {
    kind: "rtsp",
    label: "RTSP",
    what: "Nearly every network camera. Its manual or its ONVIF page tells the address.",
    hasCredentials: true,
  },
  {
    kind: "mjpeg",
    label: "MJPEG",
    what: "Simple network cameras and programs that send pictures over HTTP without an end.",
    hasCredentials: true,
  },
  { kind: "snapshot", label: "Snapshot", what: "An address that gives one picture per request.", hasCredentials: true },
  {
    kind: "device",
    label: "Device",
    what: "A camera or capture card of the hub's own machine.",
    hasCredentials: false,
  },
  {
    kind: "file",
    label: "File",
    what: "A video file of the hub's machine, played again and again.",
    hasCredentials: false,
  },
  {
    kind: "browser",
    label: "Browser",
    what: "The camera of a phone or computer that opens this page and publishes it.",
    hasCredentials: false,
  },
  { kind: "test", label: "Test", what: "A generated picture, to try things out.", hasCredentials: false },
];

/** Lower-case letters, digits and hyphens out of a name; "camera" where nothing of it is left. */
export function idFromName(name: string, taken: ReadonlySet<string>): string {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const slug =
    plain
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 56) || "camera";
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? slug : `${slug}-${number}`;
    if (!taken.has(id)) return id;
  }
}

/** A camera out of a form, or what is wrong with it in a sentence. `base` keeps what the form does not show. */
export function cameraOfForm(
  values: FormValues,
  kind: CameraKind,
  id: string,
  base: Camera | undefined,
): Camera | string {
  const name = (values.name ?? "").trim();
  if (name === "") return "Give the camera a name.";
  const groups = [
    ...new Set(
      (values.groups ?? "")
        .split(",")
        .map((group) => group.trim())
        .filter(Boolean),
    ),
  ];
  const draft = {
    ...base,
    id,
    name,
    groups,
    enabled: values.enabled !== "off",
    source: sourceOfForm(values, kind),
    engine: values.engine ?? "auto",
    hardware: values.hardware !== "off",
    keepOpen: values.keepOpen === "on",
  };
  const parsed = cameraSchema.safeParse(draft);
  return parsed.success ? parsed.data : describeIssue(parsed.error.issues[0]);
}

function sourceOfForm(values: FormValues, kind: CameraKind): Record<string, unknown> {
  const text = (name: string): string => (values[name] ?? "").trim();
  const number = (name: string): number | undefined => (text(name) === "" ? undefined : Number(text(name)));
  const present = (fields: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));
  const anyCertificate = values.anyCertificate === "on" ? true : undefined;
  const size = { width: number("width"), height: number("height"), fps: number("fps") };
  switch (kind) {
    case "rtsp":
      return present({ kind, url: text("url"), transport: text("transport") });
    case "mjpeg":
      return present({ kind, url: text("url"), anyCertificate });
    case "snapshot":
      return present({ kind, url: text("url"), intervalMs: secondsToMs(number("interval")), anyCertificate });
    case "file":
      return { kind, path: text("path") };
    case "device":
      return present({ kind, device: text("device"), ...size, inputFormat: text("inputFormat") });
    case "test":
      return present({ kind, pattern: text("pattern"), ...size });
    case "browser":
      return { kind };
  }
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  url: "The address",
  path: "The path",
  device: "The device",
  intervalMs: "The time between two pictures",
  width: "The width",
  height: "The height",
  fps: "The rate",
  name: "The name",
  groups: "The groups",
};

function describeIssue(issue: { readonly path: PropertyKey[]; readonly message: string } | undefined): string {
  const field = String(issue?.path.filter((part) => typeof part === "string").at(-1) ?? "");
  const message = issue?.message ?? "is not valid";
  const text = message.startsWith("must")
    ? message
    : `is not valid (${message.charAt(0).toLowerCase()}${message.slice(1)})`;
  return `${FIELD_NAMES[field] ?? "Something"} ${text}.`;
}
