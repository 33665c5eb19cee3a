import { z } from "zod";

/** Widths that pictures are asked for; a wish in between gets the next larger one, so that clients share encodings. */
const WIDTHS = [160, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3840, 7680] as const;

/** Rates that the hub makes pictures at; a client that wants fewer is sent fewer. */
const RATES = [5, 10, 15, 30, 60] as const;

const DEFAULT_FPS = 30;
const SNAPSHOT_FPS = 5;

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
const decimal = z
  .string()
  .regex(/^\d{1,2}(\.\d{1,3})?$/)
  .transform(Number)
  .refine((value) => value >= 0.1 && value <= 60);
const flag = z.enum(["0", "1"]).transform((value) => value === "1");

const WIDTH = { schema: integer(16, 7680), text: "width is a number of pixels from 16 to 7680" };
const QUALITY = { schema: integer(1, 100), text: "quality is a whole number from 1 to 100" };

const streamSchema = z.strictObject({
  fps: decimal.optional(),
  width: WIDTH.schema.optional(),
  quality: QUALITY.schema.optional(),
  dual: flag.optional(),
});

const snapshotSchema = z.strictObject({
  width: WIDTH.schema.optional(),
  quality: QUALITY.schema.optional(),
  stale: flag.optional(),
  // Pages add a number that changes to get past caches.
  t: z.string().max(32).optional(),
});

/** The kind of pictures that clients share: equal ones are made, and brought here, once. */
export type PictureClass = {
  /** Pictures a second. */
  readonly fps: number;
  /** At least so many pixels wide, unless the source is smaller; undefined for the source's own size. */
  readonly width: number | undefined;
  /** Of the JPEGs, 1 to 100; undefined for the source's own. */
  readonly quality: number | undefined;
};

/** What the URL of a stream asks for. */
export type StreamQuery = {
  readonly pictures: PictureClass;
  /** Most pictures a second that this client wants. */
  readonly fps: number;
  /** Whether the last picture of a movement is sent twice; undefined leaves it to the browser's name. */
  readonly dual: boolean | undefined;
};

/** What the URL of a snapshot asks for. */
export type SnapshotQuery = {
  readonly pictures: PictureClass;
  /** Whether an old picture will do where there is no new one. */
  readonly stale: boolean;
};

/** Reads the parameters of a stream's URL; an error is a sentence for people. */
export function readStreamQuery(query: unknown): StreamQuery | { readonly error: string } {
  const result = streamSchema.safeParse(query);
  if (!result.success) return { error: describe(result.error, streamSchema) };
  const { fps = DEFAULT_FPS, width, quality, dual } = result.data;
  return { pictures: pictureClass(fps, width, quality), fps, dual };
}

/** Reads the parameters of a snapshot's URL; an error is a sentence for people. */
export function readSnapshotQuery(query: unknown): SnapshotQuery | { readonly error: string } {
  const result = snapshotSchema.safeParse(query);
  if (!result.success) return { error: describe(result.error, snapshotSchema) };
  const { width, quality, stale = false } = result.data;
  return { pictures: pictureClass(SNAPSHOT_FPS, width, quality), stale };
}

function pictureClass(fps: number, width: number | undefined, quality: number | undefined): PictureClass {
  return {
    fps: RATES.find((rate) => rate >= fps) ?? DEFAULT_FPS,
    width: width === undefined ? undefined : (WIDTHS.find((each) => each >= width) ?? width),
    quality,
  };
}

const TEXTS: Readonly<Record<string, string>> = {
  fps: "fps is a number from 0.1 to 60",
  width: WIDTH.text,
  quality: QUALITY.text,
  dual: "dual is 0 or 1",
  stale: "stale is 0 or 1",
  t: "t is at most 32 characters long",
};

function describe(error: z.ZodError, schema: z.ZodObject): string {
  const [issue] = error.issues;
  const name = String(issue?.path[0] ?? "");
  const known = Object.keys(schema.shape).join(", ");
  return TEXTS[name] === undefined
    ? `The parameters here are ${known}, each once at most.`
    : `The parameter ${TEXTS[name]}.`;
}
