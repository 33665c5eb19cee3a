import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const ENCODE = JSON.stringify(new URL("../../dist/agent/encode/index.js", import.meta.url).href);
const PROTOCOL = JSON.stringify(new URL("../../dist/protocol/index.js", import.meta.url).href);

/** Opens an encoder and encodes some pictures; `close` decides whether it is closed in the end. */
const PRELUDE = `
  import { openEncoder, H264_LADDER } from ${ENCODE};
  import { streamSettingsSchema } from ${PROTOCOL};
  const settings = streamSettingsSchema.parse({});
  const [width, height] = [1280, 720];
  const pixels = new Uint8Array(width * height * 4).fill(90);
  const buffer = { pixels, strideBytes: width * 4, width, height };
  function open(codec) {
    return openEncoder({ codec, settings, sourceWidth: width, sourceHeight: height });
  }
  function encode(encoder, count) {
    for (let index = 0; index < count; index += 1) {
      pixels.fill(index, index * 1000, index * 1000 + 5000);
      const rects = [{ x: 0, y: 0, width: 333, height: 99 }];
      encoder.encode(buffer, rects, { keyframe: index % 5 === 0, timestampUs: index * 16667 });
    }
  }
`;

type Ended = { code: number | null; signal: string | null; stdout: string; stderr: string };

function runScript(source: string, flags: string[] = []): Promise<Ended> {
  const child = spawn(process.execPath, [...flags, "--input-type=module", "-e", PRELUDE + source], {
    stdio: ["ignore", "pipe", "pipe"],
    // Otherwise each of an encoder's threads keeps a heap of its own, and how much of these stays is chance.
    env: { ...process.env, MALLOC_ARENA_MAX: "2" },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

const CLEAN = { code: 0, signal: null, stderr: "" };

test("a process ends cleanly and silently after closing its encoders", async () => {
  const script = `for (const codec of ["h264", "jpeg"]) { const e = open(codec); encode(e, 10); e.close(); e.close(); }`;
  expect(await runScript(script)).toMatchObject(CLEAN);
});

test("a process ends cleanly with encoders still open", async () => {
  expect(await runScript(`for (const codec of ["h264", "jpeg"]) encode(open(codec), 10);`)).toMatchObject(CLEAN);
  expect(await runScript(`encode(open("h264"), 3); process.exit(0);`)).toMatchObject(CLEAN);
});

test("encoders that cannot be opened leave nothing on stderr", async () => {
  const script = `
    let refused = 0;
    for (const { name } of H264_LADDER) {
      try { openEncoder({ codec: "h264", settings, sourceWidth: width, sourceHeight: height, force: name }).close(); }
      catch { refused += 1; }
    }
    if (refused === 0) process.exitCode = 3;`;
  expect(await runScript(script)).toMatchObject(CLEAN);
});

test("200 encoders, opened and closed, leave no memory behind", async () => {
  const script = `
    const cycle = (codec) => { const e = open(codec); encode(e, 2); e.close(); };
    // Memory of native objects is given back in some turn of the event loop after the collection: the least is what stays.
    const rssMiB = async () => {
      let least = Infinity;
      for (let turn = 0; turn < 20; turn += 1) {
        gc();
        await new Promise((done) => setTimeout(done, 20));
        least = Math.min(least, process.memoryUsage.rss() / 2 ** 20);
      }
      return least;
    };
    for (let index = 0; index < 20; index += 1) cycle(index % 4 === 0 ? "jpeg" : "h264");
    const before = await rssMiB();
    for (let index = 0; index < 200; index += 1) cycle(index % 4 === 0 ? "jpeg" : "h264");
    console.log(await rssMiB() - before);`;
  const ended = await runScript(script, ["--expose-gc"]);
  expect(ended).toMatchObject(CLEAN);
  // A leak of one frame each would be 300 MiB, of one x264 each several thousand.
  expect(Number(ended.stdout)).toBeLessThan(120);
}, 60_000);

test("encoders work in worker threads, several at once and one after the other", async () => {
  const script = `
    import { Worker, isMainThread, parentPort } from "node:worker_threads";
    const source = ${JSON.stringify(PRELUDE)} + \`
      import { parentPort } from "node:worker_threads";
      const encoder = open("h264");
      encode(encoder, 10);
      parentPort.postMessage(encoder.codecString);
      encoder.close();\`;
    const url = new URL("data:text/javascript," + encodeURIComponent(source));
    const run = () => new Promise((resolve, reject) => {
      const worker = new Worker(url);
      let message;
      worker.on("message", (value) => { message = value; });
      worker.on("error", reject);
      worker.on("exit", (code) => resolve([code, message]));
    });
    const results = [];
    for (let round = 0; round < 3; round += 1) results.push(...await Promise.all([run(), run()]));
    const own = open("h264");
    encode(own, 3);
    own.close();
    console.log(JSON.stringify(results));`;
  const ended = await runScript(script);
  expect(ended).toMatchObject(CLEAN);
  expect(JSON.parse(ended.stdout)).toEqual(new Array(6).fill([0, "avc1.42c02a"]));
});

test("a worker thread ends by itself when it is told to stop, and can be terminated while it waits", async () => {
  const script = `
    import { Worker } from "node:worker_threads";
    const source = ${JSON.stringify(PRELUDE)} + \`
      import { parentPort } from "node:worker_threads";
      const encoder = open("h264");
      let stopped = false;
      parentPort.on("message", (message) => {
        if (message === "wait") { stopped = true; parentPort.postMessage("waiting"); }
        else { stopped = true; encoder.close(); parentPort.close(); }
      });
      const turn = () => {
        if (stopped) return;
        encode(encoder, 3);
        parentPort.postMessage("encoding");
        setImmediate(turn);
      };
      turn();\`;
    const url = new URL("data:text/javascript," + encodeURIComponent(source));
    const until = (worker, expected) => new Promise((resolve, reject) => {
      worker.on("message", (message) => { if (message === expected) resolve(); });
      worker.on("error", reject);
    });
    const codes = [];
    for (let round = 0; round < 4; round += 1) {
      const stopping = new Worker(url);
      await until(stopping, "encoding");
      const exited = new Promise((resolve) => stopping.on("exit", resolve));
      stopping.postMessage("stop");
      codes.push(await exited);
      const waiting = new Worker(url);
      await until(waiting, "encoding");
      waiting.postMessage("wait");
      await until(waiting, "waiting");
      await waiting.terminate();
    }
    const own = open("h264");
    encode(own, 3);
    own.close();
    console.log(codes.join());`;
  expect(await runScript(script)).toMatchObject({ ...CLEAN, stdout: "0,0,0,0\n" });
});
