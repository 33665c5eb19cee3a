/**
 * How well movement is told: clips with known truth, compressed to H.264 and decoded again, through the detector with
 * its default settings. `--help` lists the options.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createMotionDetector, motionPlaneSize } from "../../src/agent/motion/index.ts";
import { motionSettingsSchema } from "../../src/protocol/index.ts";
import { CLIP, type ClipRecipe, ClipRenderer, type Truth, truthsOf } from "../support/motion-clips.ts";
import { secondSet, tuningSet } from "../support/motion-recipes.ts";

const help = `usage: motion-accuracy [options]
  --set NAME   tuning, second or both (default both)
  --repeats N  scenes for each clip, with other textures and other noise (default 3)
  --kind TEXT  only clips whose kind begins with this
  --json FILE  writes every clip's result to FILE
`;

const { values } = parseArgs({
  options: {
    set: { type: "string", default: "both" },
    repeats: { type: "string", default: "3" },
    kind: { type: "string", default: "" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

/** An event belongs to a movement that it overlaps, or that ended this much before: what has stopped takes a moment. */
const TOLERANCE_S = 1.5;
/** Shorter than the default, so that movements of one clip are events of their own. */
const COOL_DOWN_MS = 1500;

type Result = {
  readonly kind: string;
  readonly name: string;
  readonly movements: number;
  readonly found: number;
  readonly events: number;
  readonly right: number;
  readonly told: readonly Truth[];
  /** From the beginning of a movement until it is told, seconds. */
  readonly delays: readonly number[];
};

if (values.help) process.stdout.write(help);
else await main();

async function main(): Promise<void> {
  const sets: [string, ClipRecipe[]][] = [];
  if (values.set !== "second") sets.push(["tuning set", tuningSet()]);
  if (values.set !== "tuning") sets.push(["second set", secondSet()]);
  const all: Record<string, Result[]> = {};
  for (const [name, recipes] of sets) {
    const results: Result[] = [];
    for (const recipe of recipes) {
      if (!recipe.kind.startsWith(values.kind)) continue;
      for (let scene = 0; scene < Number(values.repeats); scene += 1) {
        const result = await watch({ ...recipe, seed: recipe.seed + 1000 * scene });
        if (result.found < result.movements || result.right < result.events) sayWrong(result);
        results.push(result);
      }
    }
    all[name] = results;
    process.stdout.write(table(name, results));
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(all, undefined, 2));
}

function sayWrong({ kind, name, told }: Result): void {
  const spans = told.map(({ fromS, toS }) => `${fromS.toFixed(1)}-${toS.toFixed(1)}`).join(", ");
  process.stderr.write(`${kind}, ${name}: told ${spans || "nothing"}\n`);
}

async function watch(recipe: ClipRecipe): Promise<Result> {
  const size = motionPlaneSize(CLIP.width, CLIP.height);
  const settings = motionSettingsSchema.parse({ enabled: true, coolDownMs: COOL_DOWN_MS, zones: recipe.zones ?? [] });
  const detector = createMotionDetector(size, settings);
  const told: Truth[] = [];
  const startedAt: number[] = [];
  let picture = 0;
  let lost = false;
  for await (const luma of decodedPlanes(recipe, size)) {
    let seconds = picture / CLIP.fps;
    picture += 1;
    if (recipe.lostAtS !== undefined && seconds >= recipe.lostAtS) {
      if (!lost) detector.reset();
      lost = true;
      // The three seconds without pictures.
      seconds += 3;
    }
    const { report } = detector.detect(luma, seconds * 1e6);
    if (report?.phase === "start") startedAt.push(report.atUs / 1e6);
    if (report?.phase === "end") told.push({ fromS: startedAt.at(-1) as number, toS: report.atUs / 1e6 });
  }
  if (told.length < startedAt.length) told.push({ fromS: startedAt.at(-1) as number, toS: CLIP.seconds + 3 });
  return judge(recipe, told);
}

function judge(recipe: ClipRecipe, told: readonly Truth[]): Result {
  const away = (recipe.lostAtS ?? Number.POSITIVE_INFINITY) + 1e-9;
  const truths = truthsOf(recipe).map(({ fromS, toS }) =>
    fromS > away ? { fromS: fromS + 3, toS: toS + 3 } : { fromS, toS },
  );
  const belong = (event: Truth, truth: Truth): boolean =>
    event.fromS <= truth.toS + TOLERANCE_S && event.toS >= truth.fromS;
  const delays = truths.flatMap((truth) => {
    const first = told.find((event) => belong(event, truth));
    return first === undefined ? [] : [Math.max(0, first.fromS - truth.fromS)];
  });
  const right = told.filter((event) => truths.some((truth) => belong(event, truth))).length;
  const { kind, name } = recipe;
  return { kind, name, movements: truths.length, found: delays.length, events: told.length, right, told, delays };
}

/** The clip's pictures after compression and decompression, as the planes that the detector wants. */
async function* decodedPlanes(recipe: ClipRecipe, size: { width: number; height: number }): AsyncGenerator<Uint8Array> {
  const { crf = 27, keyframes = 50 } = recipe;
  const encode = spawn("ffmpeg", [
    ..."-hide_banner -loglevel error -f rawvideo -pix_fmt yuv420p".split(" "),
    ...["-s", `${CLIP.width}x${CLIP.height}`, "-r", String(CLIP.fps), "-i", "pipe:0"],
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", String(crf), "-g", String(keyframes), "-bf", "0"],
    ...["-threads", "1", "-f", "h264", "pipe:1"],
  ]);
  const decode = spawn("ffmpeg", [
    ..."-hide_banner -loglevel error -threads 1 -f h264 -i pipe:0".split(" "),
    ...["-vf", `extractplanes=y,scale=${size.width}:${size.height}:flags=area`],
    ...["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"],
  ]);
  for (const child of [encode, decode]) child.stderr.pipe(process.stderr, { end: false });
  encode.stdout.pipe(decode.stdin);
  const writing = writePictures(recipe, encode.stdin);
  const bytes = size.width * size.height;
  let rest = Buffer.alloc(0);
  let count = 0;
  for await (const chunk of decode.stdout) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (; rest.length >= bytes; rest = rest.subarray(bytes)) {
      count += 1;
      yield Uint8Array.from(rest.subarray(0, bytes));
    }
  }
  await writing;
  if (count !== CLIP.fps * CLIP.seconds) throw new Error(`${count} pictures came back from ffmpeg.`);
}

async function writePictures(recipe: ClipRecipe, sink: NodeJS.WritableStream): Promise<void> {
  const renderer = new ClipRenderer(recipe);
  const lumaBytes = CLIP.width * CLIP.height;
  for (let picture = 0; picture < CLIP.fps * CLIP.seconds; picture += 1) {
    const planes = Buffer.alloc((lumaBytes * 3) / 2, 128);
    renderer.draw(picture / CLIP.fps, planes.subarray(0, lumaBytes));
    if (!sink.write(planes)) await once(sink, "drain");
  }
  sink.end();
}

function table(title: string, results: readonly Result[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const rows = kinds.map((kind) =>
    row(
      kind,
      results.filter((result) => result.kind === kind),
    ),
  );
  const head = `| ${title} | clips | movements | found | events | right | precision | recall |\n|---|--:|--:|--:|--:|--:|--:|--:|\n`;
  const delays = results.flatMap((result) => result.delays).sort((a, b) => a - b);
  const median = delays[Math.floor(delays.length / 2)] ?? 0;
  return `${head}${rows.join("")}${row("**all**", results)}\nTold ${median.toFixed(1)} s after its beginning (median).\n\n`;
}

function row(name: string, results: readonly Result[]): string {
  const sum = (pick: (result: Result) => number): number => results.reduce((total, result) => total + pick(result), 0);
  const [movements, found] = [sum((result) => result.movements), sum((result) => result.found)];
  const [events, right] = [sum((result) => result.events), sum((result) => result.right)];
  const cells = [results.length, movements, found, events, right, share(right, events), share(found, movements)];
  return `| ${name} | ${cells.join(" | ")} |\n`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : (part / whole).toFixed(2);
}
