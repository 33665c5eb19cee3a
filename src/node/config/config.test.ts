import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type ConfigSources,
  isLoopback,
  renderConfigReference,
  resolveConfig,
  settings,
  streamSettingsOf,
} from "./index.ts";

const resolve = (sources: Partial<ConfigSources>) =>
  resolveConfig({ flags: {}, environment: {}, file: undefined, ...sources });
const inFile = (content: unknown) => resolve({ file: { path: "test.yaml", content } });

describe("precedence", () => {
  test("defaults are those of the documentation", () => {
    expect(resolve({})).toMatchObject({ host: "127.0.0.1", port: 8460, tls: "off", display: "auto", stream: {} });
  });

  test("flags win over the environment, the environment over the file", () => {
    const file = { path: "test.yaml", content: { port: 1001, name: "file", stream: { fps: 11 } } };
    const environment = { SIGHTLINE_PORT: "1002", SIGHTLINE_NAME: "environment", PATH: "/bin" };
    const config = resolve({ flags: { port: "1003" }, environment, file });
    expect(config).toMatchObject({ port: 1003, name: "environment", stream: { fps: 11 } });
  });

  test("text becomes numbers and truth values", () => {
    const environment = { SIGHTLINE_STREAM_HARDWARE: "off", SIGHTLINE_STREAM_JPEG_QUALITY: "55" };
    expect(resolve({ environment, flags: { insecure: true } })).toMatchObject({
      insecure: true,
      stream: { hardware: false, jpegQuality: 55 },
    });
  });
});

describe("errors", () => {
  test.each([
    [
      "a flag",
      { flags: { port: "70000" } },
      "port is 70000 (flag --port), but must be a whole number from 0 to 65535.",
    ],
    [
      "a variable",
      { environment: { SIGHTLINE_STREAM_FPS: "fast" } },
      'stream.fps is "fast" (variable SIGHTLINE_STREAM_FPS), but must be a whole number from 1 to 120.',
    ],
    [
      "a file",
      { file: { path: "a.yaml", content: { capture: "magic" } } },
      'capture is "magic" (a.yaml), but must be one of auto, x11-shm',
    ],
    [
      "a file that is a list",
      { file: { path: "a.yaml", content: [1] } },
      'a.yaml must hold lines such as "port: 8460".',
    ],
  ] as const)("of %s name the key, the place and what is expected", (_place, sources, message) => {
    expect(() => resolve(sources)).toThrow(message);
  });

  test("name the nearest setting for an unknown one, wherever it stands", () => {
    expect(() => inFile({ prot: 1 })).toThrow("prot (test.yaml) is no setting. Did you mean port?");
    expect(() => inFile({ stream: { bitrat: 1 } })).toThrow(
      "stream.bitrat (test.yaml) is no setting. Did you mean stream.bitrate?",
    );
    expect(() => resolve({ environment: { SIGHTLINE_TOKN: "x" } })).toThrow("Did you mean SIGHTLINE_TOKEN?");
    expect(() => inFile({ somethingElseEntirely: 1 })).toThrow(/somethingElseEntirely \(test.yaml\) is no setting\.\n/);
  });

  test("are all told at once", () => {
    expect(() => inFile({ port: -1, crf: 3, stream: { crf: 99 } })).toThrow(
      /3 settings:\n {2}crf .*\n {2}port .*\n {2}stream\.crf /,
    );
  });

  test("never repeat a secret", () => {
    expect(() => inFile({ token: "short secret" })).toThrow(/^(?!.*short secret).*token is what was given/s);
  });
});

describe("cameras of the file", () => {
  const front = { id: "front", name: "Front", source: { kind: "rtsp", url: "rtsp://192.0.2.1/live" } };

  test("have their defaults filled in, and their credentials apart, wherever these stand", () => {
    const inUrl = { ...front, id: "a", source: { kind: "rtsp", url: "rtsp://me:secret@192.0.2.1/live" } };
    const beside = { ...front, id: "b", credentials: { username: "me", password: "secret" } };
    const inVariable = { ...front, id: "c", credentials: { username: "me", passwordVariable: "FRONT_PASSWORD" } };
    const file = { path: "test.yaml", content: { cameras: [front, inUrl, beside, inVariable] } };
    const { cameras } = resolve({ file, environment: { FRONT_PASSWORD: "secret" } });
    expect(cameras[0]).toMatchObject({ camera: { ...front, enabled: true, engine: "auto" }, credentials: undefined });
    for (const { camera, credentials } of cameras.slice(1)) {
      expect(credentials).toEqual({ username: "me", password: "secret" });
      expect(camera.source).toEqual({ ...front.source, transport: "auto" });
      expect(camera).not.toHaveProperty("credentials");
    }
    expect(cameras[3]?.passwordVariable).toBe("FRONT_PASSWORD");
    expect(resolve({}).cameras).toEqual([]);
  });

  test.each([
    [{ cameras: "front" }, "cameras (test.yaml) must be a list of cameras"],
    [{ cameras: [{ ...front, id: "Front Door" }] }, "cameras[0].id: must be lower-case letters, digits and hyphens"],
    [{ cameras: [front, front] }, 'cameras (test.yaml) has two cameras of the id "front"'],
    [{ cameras: [{ ...front, colour: "red" }] }, "cameras[0]: Unrecognized key"],
    [
      { cameras: [{ ...front, credentials: { username: "me", passwordVariable: "MISSING" } }] },
      "cameras[0].credentials: the variable MISSING is not set",
    ],
    [
      { cameras: [{ ...front, source: { kind: "rtsp", url: "concat:/etc/passwd" } }] },
      "cameras[0].source.url: must be",
    ],
  ])("that are wrong are told: %j", (content, message) => {
    expect(() => inFile(content)).toThrow(message);
  });

  test("never have their passwords repeated", () => {
    const wrong = { ...front, credentials: { username: "me", password: "secret", more: 1 } };
    const url = { ...front, source: { kind: "mjpeg", url: "ftp://me:secret@192.0.2.1/" } };
    for (const camera of [wrong, url]) expect(() => inFile({ cameras: [camera] })).toThrow(/^(?!.*secret)/s);
  });
});

describe("rules between settings", () => {
  test("a host that others can reach needs HTTPS or the word insecure", () => {
    expect(() => inFile({ host: "0.0.0.0" })).toThrow("HTTPS is off");
    expect(() => inFile({ host: "::" })).toThrow("HTTPS is off");
    for (const extra of [{ tls: "auto" }, { insecure: true }, { tlsKey: "k", tlsCert: "c" }]) {
      expect(inFile({ host: "0.0.0.0", ...extra }).host).toBe("0.0.0.0");
    }
  });

  test("a key and its certificate come together, and without tls: auto", () => {
    expect(() => inFile({ tlsKey: "k" })).toThrow("tlsKey is set without tlsCert");
    expect(() => inFile({ tlsCert: "c" })).toThrow("tlsCert is set without tlsKey");
    expect(() => inFile({ tlsKey: "k", tlsCert: "c", tls: "auto" })).toThrow("Remove one");
  });

  test.each([
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["::1", true],
    ["localhost", true],
    ["0.0.0.0", false],
    ["127.0.0.1.example", false],
    ["192.168.0.2", false],
  ])("%s is loopback: %s", (host, loopback) => {
    expect(isLoopback(host)).toBe(loopback);
  });
});

describe("stream settings", () => {
  test("are the preset's, overridden one by one", () => {
    const settings = streamSettingsOf(inFile({ preset: "best-quality", stream: { fps: 25 } }));
    expect(settings).toMatchObject({ fps: 25, crf: 16, preset: "medium", width: 1920 });
  });
});

describe("reference", () => {
  test("docs/config.md is what `npm run docs` writes", () => {
    expect(readFileSync(new URL("../../../docs/config.md", import.meta.url), "utf8")).toBe(renderConfigReference());
  });

  test("describes every setting", () => {
    for (const setting of settings) expect(setting.description, setting.key).not.toBe("");
  });
});
