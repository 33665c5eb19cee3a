import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { openCapturer, openScreen } from "../../src/agent/capture/index.ts";
import { H264_LADDER, openEncoder } from "../../src/agent/encode/index.ts";
import { LibavDecoder } from "../../src/agent/encode/libav-decoder.ts";
import { Measurements, type Rect } from "../../src/base/index.ts";
import { monotonicUs } from "../../src/node/index.ts";
import { type Codec, ENCODER_PRESETS, type StreamSettings, streamSettingsSchema } from "../../src/protocol/index.ts";
import { lumaPsnr } from "../../test/support/painted-screen.ts";
import { startXServer } from "../../test/support/x-server.ts";

// What conversion and compression of one picture cost, and what it looks like: pages of real text in a terminal, of
// which a character, a dialog or everything changes. The whole picture in the same run is what the others compare with.
const WIDTH = 1920;
const HEIGHT = 1080;
const ROUNDS = 60;
const DRAW_MS = 1500;
const WHOLE = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
const pages = [await grabTerminal("package-lock.json", 1), await grabTerminal("package-lock.json", 3000)] as const;
const character = differingRect(10, 20);
const DAMAGES: readonly { readonly name: string; readonly rect: Rect }[] = [
  { name: "nothing", rect: { x: WIDTH - 1, y: HEIGHT - 1, width: 1, height: 1 } },
  { name: "a character (10x20)", rect: character },
  { name: "a dialog (400x300)", rect: { x: 700, y: 400, width: 400, height: 300 } },
  { name: "the whole screen", rect: WHOLE },
];
const settings = streamSettingsSchema.parse({ hardware: false });
console.log(`${WIDTH}x${HEIGHT}, text, ${ROUNDS} rounds each; milliseconds p50 / p95, bytes and luma PSNR p50`);
for (const preset of ENCODER_PRESETS.slice(0, 3)) measurePictures("h264", { ...settings, preset });
measurePictures("jpeg", settings);
measureOpening();

/** A rectangle of the given size, in the middle of the screen, where the two pages differ. */
function differingRect(width: number, height: number): Rect {
  for (let at = (HEIGHT / 2) * WIDTH * 4; at < pages[0].length; at += 4) {
    if (pages[0][at] === pages[1][at]) continue;
    const [x, y] = [(at / 4) % WIDTH, Math.floor(at / 4 / WIDTH)];
    return { x: Math.min(x, WIDTH - width), y: Math.min(y, HEIGHT - height), width, height };
  }
  throw new Error("The two pages do not differ.");
}

/** One xterm full of the file's lines from `firstLine` on. */
async function grabTerminal(file: string, firstLine: number): Promise<Uint8Array> {
  const server = await startXServer({ width: WIDTH, height: HEIGHT });
  let terminal: ChildProcess | undefined;
  try {
    const command = `tail -n +${firstLine} ${file} | pr -3 -l 70 -w 230 -t | head -n 66; sleep 60`;
    const look = ["-fa", "DejaVu Sans Mono", "-fs", "10", "-geometry", "240x68+0+0", "-bg", "white", "-fg", "black"];
    terminal = spawn("xterm", [...look, "-e", "sh", "-c", command], {
      env: { ...process.env, DISPLAY: server.display },
    });
    await delay(DRAW_MS);
    const screen = await openScreen({ display: server.display, backend: "x11-shm", maxFps: 60 });
    const [monitor] = screen.monitors;
    if (monitor === undefined) throw new Error("The screen has no monitor.");
    const capturer = await openCapturer({ display: server.display, backend: "x11-shm", monitor, maxFps: 60 });
    const grab = capturer.grab();
    if (grab === undefined) throw new Error("The first grab brought nothing.");
    const pixels = Uint8Array.from(grab.buffer.pixels);
    capturer.close();
    screen.close();
    return pixels;
  } finally {
    terminal?.kill();
    await server.stop();
  }
}

function measurePictures(codec: Codec, stream: StreamSettings): void {
  const buffer = { pixels: Uint8Array.from(pages[0]), strideBytes: WIDTH * 4, width: WIDTH, height: HEIGHT };
  const encoder = openEncoder({ codec, settings: stream, sourceWidth: WIDTH, sourceHeight: HEIGHT });
  const decoder = new LibavDecoder(codec === "h264" ? "h264" : "mjpeg");
  console.log(
    `\n${`${encoder.encoder}${codec === "h264" ? ` ${stream.preset}` : ""}`.padEnd(24)}${"convert".padStart(14)}${"encode".padStart(14)}${"bytes".padStart(10)}${"dB".padStart(8)}`,
  );
  for (const { name, rect } of [{ name: "a keyframe", rect: WHOLE }, ...DAMAGES]) {
    const [convert, compress, bytes, psnr] = [
      new Measurements(),
      new Measurements(),
      new Measurements(),
      new Measurements(),
    ];
    const rounds = codec === "jpeg" || rect === WHOLE ? ROUNDS / 6 : ROUNDS;
    for (let round = 0; round < rounds; round += 1) {
      copyRect(pages[round % 2 === 0 ? 1 : 0], buffer.pixels, rect);
      const picture = encoder.encode(buffer, [rect], { keyframe: name === "a keyframe", timestampUs: monotonicUs() });
      convert.add(picture.convertUs / 1000);
      compress.add(picture.encodeUs / 1000);
      bytes.add(picture.data.length);
      psnr.add(lumaPsnr(decoder.decode(picture.data), buffer, rect));
      // Time for the rate buffer to fill up again, as between two changes that a person makes.
      if (rect === WHOLE && codec === "h264")
        rest(() => encoder.encode(buffer, [], { keyframe: false, timestampUs: monotonicUs() }).data, decoder);
    }
    const cell = (all: Measurements): string =>
      `${all.summary().p50.toFixed(2)} / ${all.summary().p95.toFixed(2)}`.padStart(14);
    console.log(
      `${name.padEnd(24)}${cell(convert)}${cell(compress)}${bytes.summary().p50.toFixed(0).padStart(10)}${psnr.summary().p50.toFixed(1).padStart(8)}`,
    );
  }
  encoder.close();
  decoder.close();
}

function rest(encode: () => Uint8Array, decoder: LibavDecoder): void {
  for (let picture = 0; picture < 15; picture += 1) decoder.decode(encode());
}

function copyRect(from: Uint8Array, to: Uint8Array, { x, y, width, height }: Rect): void {
  for (let row = y; row < y + height; row += 1) {
    const start = (row * WIDTH + x) * 4;
    to.set(from.subarray(start, start + width * 4), start);
  }
}

function measureOpening(): void {
  const buffer = { pixels: pages[0], strideBytes: WIDTH * 4, width: WIDTH, height: HEIGHT };
  const request = { codec: "h264", settings, sourceWidth: WIDTH, sourceHeight: HEIGHT } as const;
  const [opening, takeOver] = [new Measurements(), new Measurements()];
  const fragile = { name: "fragile", encoder: "libx264", failAtPicture: 2 } as const;
  for (let round = 0; round < ROUNDS / 3; round += 1) {
    const startUs = monotonicUs();
    const encoder = openEncoder({ ...request, ladder: [fragile, ...H264_LADDER] });
    opening.add((monotonicUs() - startUs) / 1000);
    encoder.encode(buffer, [], { keyframe: true, timestampUs: 0 });
    const failureUs = monotonicUs();
    encoder.encode(buffer, [], { keyframe: false, timestampUs: 1 });
    takeOver.add((monotonicUs() - failureUs) / 1000);
    encoder.close();
  }
  console.log(
    `\nopening, one picture included: ${opening.summary().p50.toFixed(1)} / ${opening.summary().p95.toFixed(1)} ms`,
  );
  console.log(
    `take-over after a failure: ${takeOver.summary().p50.toFixed(1)} / ${takeOver.summary().p95.toFixed(1)} ms`,
  );
}
