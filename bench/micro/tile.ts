import { execFileSync, spawn } from "node:child_process";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { compressSync, uncompressSync } from "lz4-napi";
import {
  AV_PIX_FMT_BGR0,
  AV_PIX_FMT_RGB24,
  Codec,
  CodecContext,
  Dictionary,
  Frame,
  Packet,
  Rational,
  SoftwareScaleContext,
  SWS_POINT,
} from "node-av";
import { openCapturer, openScreen } from "../../src/agent/capture/index.ts";
import { decodeTile, encodeTile, maxTileBytes } from "../../src/codecs/tile/index.ts";
import { startChromium } from "../../test/support/chromium.ts";
import { startXServer } from "../../test/support/x-server.ts";

// Which lossless code suits what desktops show: bytes, and milliseconds to encode and to decode a whole 1920x1080
// picture of a terminal, a web page and a photograph. All in one run, medians of several, so compare the columns.
const WIDTH = 1920;
const HEIGHT = 1080;
const PIXELS = WIDTH * HEIGHT;
const ROUNDS = 9;
const WHOLE = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

/** A code under test: `encode` returns its bytes, `decode` undoes it. Pixels are B G R X. */
type Candidate = {
  readonly name: string;
  readonly encode: (pixels: Buffer) => Uint8Array;
  readonly decode: ((bytes: Uint8Array) => unknown) | undefined;
};

const pictures = await desktopPictures();
const candidates = [tileCandidate(), ...libavCandidates(), ...filteredRowCandidates()];
console.log(`1920x1080, median of ${ROUNDS}`.padEnd(34) + pictures.map(({ name }) => name.padStart(30)).join(""));
console.log("".padEnd(34) + pictures.map(() => "KB   encode ms  decode ms".padStart(30)).join(""));
for (const candidate of candidates) {
  const cells = pictures.map(({ pixels }) => measure(candidate, pixels));
  console.log(candidate.name.padEnd(34) + cells.join(""));
}
process.exit(0);

function measure({ encode, decode }: Candidate, pixels: Buffer): string {
  let bytes: Uint8Array = new Uint8Array();
  const encodeMs = medianMs(() => {
    bytes = encode(pixels);
  });
  const kept = bytes.slice();
  const decodeMs = decode === undefined ? undefined : medianMs(() => decode(kept));
  const kilobytes = (kept.length / 1024).toFixed(0).padStart(8);
  return `${kilobytes}${encodeMs.toFixed(2).padStart(11)}${(decodeMs?.toFixed(2) ?? "-").padStart(11)}`;
}

function medianMs(run: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
}

function tileCandidate(): Candidate {
  const target = new Uint8Array(maxTileBytes(PIXELS));
  const canvas = new Uint32Array(PIXELS);
  return {
    name: "Sightline tile (JavaScript)",
    encode: (pixels) => {
      const plane = { pixels: new Uint32Array(pixels.buffer, pixels.byteOffset, PIXELS), strideWords: WIDTH };
      return target.subarray(0, encodeTile(plane, WHOLE, target, 0));
    },
    decode: (bytes) => decodeTile(bytes, { pixels: canvas, strideWords: WIDTH }, WHOLE),
  };
}

/** QOI and PNG by libav, from captured pixels: their conversion to R G B counts, as it would in use. */
function libavCandidates(): Candidate[] {
  return [
    { name: "QOI (libav, C)", encoder: "qoi" as const, options: {} },
    { name: "PNG, level 1 (libav, C)", encoder: "png" as const, options: { compression_level: "1" } },
  ].map(({ name, encoder, options }) => {
    const codec = Codec.findEncoderByName(encoder as Parameters<typeof Codec.findEncoderByName>[0]);
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = WIDTH;
    context.height = HEIGHT;
    context.pixelFormat = AV_PIX_FMT_RGB24;
    context.timeBase = new Rational(1, 60);
    context.open2Sync(codec, Dictionary.fromObject(options));
    const frame = new Frame();
    frame.alloc();
    frame.width = WIDTH;
    frame.height = HEIGHT;
    frame.format = AV_PIX_FMT_RGB24;
    frame.getBuffer(0);
    const scaler = new SoftwareScaleContext();
    scaler.getContext(WIDTH, HEIGHT, AV_PIX_FMT_BGR0, WIDTH, HEIGHT, AV_PIX_FMT_RGB24, SWS_POINT);
    const packet = new Packet();
    packet.alloc();
    const encode = (pixels: Buffer): Uint8Array => {
      scaler.scaleSync([pixels], [WIDTH * 4], 0, HEIGHT, frame.data ?? [], frame.linesize);
      context.sendFrameSync(frame);
      context.receivePacketSync(packet);
      const bytes = Uint8Array.from(packet.data ?? []);
      packet.unref();
      return bytes;
    };
    const decoder = new CodecContext();
    const found = Codec.findDecoder(context.codecId);
    decoder.allocContext3(found);
    decoder.open2Sync(found, null);
    const decode = (bytes: Uint8Array): void => {
      packet.unref();
      packet.data = Buffer.from(bytes);
      decoder.sendPacketSync(packet);
      decoder.receiveFrameSync(decoded);
    };
    const decoded = new Frame();
    decoded.alloc();
    return { name, encode, decode };
  });
}

/** LZ4 and deflate over rows from which the row above was subtracted, three bytes a pixel. */
function filteredRowCandidates(): Candidate[] {
  const rows = Buffer.alloc(PIXELS * 3);
  const filter = (pixels: Buffer): Buffer => {
    let out = 0;
    for (let at = 0; at < PIXELS * 4; at += 4) {
      const above = at - WIDTH * 4;
      for (let channel = 0; channel < 3; channel += 1) {
        rows[out] = (pixels[at + channel] as number) - (above < 0 ? 0 : (pixels[above + channel] as number));
        out += 1;
      }
    }
    return rows;
  };
  return [
    {
      name: "LZ4 over filtered rows (Rust)",
      encode: (pixels) => compressSync(filter(pixels)),
      decode: (bytes) => unfilter(uncompressSync(Buffer.from(bytes))),
    },
    {
      name: "deflate 1 over filtered rows (C)",
      encode: (pixels) => deflateRawSync(filter(pixels), { level: 1 }),
      decode: (bytes) => unfilter(inflateRawSync(bytes)),
    },
  ];
}

function unfilter(filtered: Buffer): Buffer {
  for (let at = WIDTH * 3; at < filtered.length; at += 1) {
    filtered[at] = (filtered[at] as number) + (filtered[at - WIDTH * 3] as number);
  }
  return filtered;
}

async function desktopPictures(): Promise<Array<{ name: string; pixels: Buffer }>> {
  return [
    { name: "terminal", pixels: await terminalPicture() },
    { name: "web page", pixels: await webPicture() },
    { name: "photograph", pixels: photograph() },
  ];
}

/** Two terminals full of text, anti-aliased and not, as the agent captures them. */
async function terminalPicture(): Promise<Buffer> {
  const server = await startXServer({ width: WIDTH, height: HEIGHT });
  const env = { ...process.env, DISPLAY: server.display };
  const show = "cat /etc/services; sleep 30";
  const smooth = ["-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", "118x60+960+0"];
  const terminals = [["-geometry", "155x80+0+0"], smooth].map((place) =>
    spawn("xterm", [...place, "-e", "sh", "-c", show], { env, stdio: "ignore" }),
  );
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const options = { display: server.display, backend: "x11-shm", maxFps: 60 } as const;
  const screen = await openScreen(options);
  const capturer = await openCapturer({ ...options, monitor: screen.monitors[0] as (typeof screen.monitors)[0] });
  const pixels = Buffer.from(capturer.grab()?.buffer.pixels ?? []);
  capturer.close();
  screen.close();
  for (const terminal of terminals) terminal.kill();
  await server.stop();
  return pixels;
}

async function webPicture(): Promise<Buffer> {
  const browser = await startChromium({ viewport: { width: WIDTH, height: HEIGHT } });
  const page = await browser.open("about:blank");
  const card = (n: number): string =>
    `<article><h2>Release ${n}</h2><p>${"Capture on damage, encode what can be sent, present the newest. ".repeat(6)}</p></article>`;
  await page.setContent(`<style>body{margin:0;font:16px sans-serif;background:linear-gradient(#eef2ff,#fff)}
    main{display:grid;grid-template-columns:repeat(4,1fr);gap:24px;padding:32px}
    article{background:#fff;border-radius:12px;box-shadow:0 4px 24px #0002;padding:20px}
    header{background:#1e293b;color:#fff;padding:20px 32px;font-size:28px}</style>
    <header>Sightline</header><main>${Array.from({ length: 16 }, (_, n) => card(n)).join("")}</main>`);
  const png = await page.screenshot();
  await browser.close();
  return decodeByFfmpeg(["-f", "png_pipe", "-i", "-"], png);
}

/** A fractal with grain stands for a photograph: no flat area, no two pixels alike. */
function photograph(): Buffer {
  const source = `mandelbrot=s=${WIDTH}x${HEIGHT}:start_scale=0.01,noise=alls=6`;
  return decodeByFfmpeg(["-f", "lavfi", "-i", source, "-frames:v", "1"], undefined);
}

function decodeByFfmpeg(input: readonly string[], stdin: Buffer | undefined): Buffer {
  const args = ["-v", "error", ...input, "-f", "rawvideo", "-pix_fmt", "bgr0", "-"];
  const output = execFileSync("ffmpeg", args, { maxBuffer: 1 << 28, ...(stdin === undefined ? {} : { input: stdin }) });
  // A pooled buffer need not start on a word.
  return Buffer.from(new Uint8Array(output).buffer);
}
