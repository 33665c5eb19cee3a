import { constants } from "node:os";
import { expect, test } from "vitest";
import { type CameraSource, cameraSchema } from "../../protocol/index.ts";
import { ffmpegCommand, firstOutput } from "./ffmpeg/ffmpeg-command.ts";
import { libavInput, openingRemedy } from "./libav/libav-input.ts";

function sourceOf(source: object): CameraSource {
  return cameraSchema.parse({ id: "a", name: "A", source }).source;
}

function device(fields: object): CameraSource {
  return sourceOf({ kind: "device", ...fields });
}

const PROBE = { fflags: "nobuffer", probesize: "500000", analyzeduration: "500000" };
const SIZE = { width: 1280, height: 720, fps: 30 };
const SIZED = { ...PROBE, video_size: "1280x720", framerate: "30" };

test.each([
  ["linux", { device: "/dev/video0" }, "v4l2", "/dev/video0", PROBE],
  [
    "linux",
    { device: "/dev/video0", inputFormat: "mjpeg", ...SIZE },
    "v4l2",
    "/dev/video0",
    { ...SIZED, input_format: "mjpeg" },
  ],
  ["darwin", { device: "FaceTime HD Camera", ...SIZE }, "avfoundation", "FaceTime HD Camera:none", SIZED],
  ["darwin", { device: "0", inputFormat: "yuyv422" }, "avfoundation", "0:none", { ...PROBE, pixel_format: "yuyv422" }],
  ["win32", { device: "USB Camera", ...SIZE }, "dshow", "video=USB Camera", SIZED],
  [
    "win32",
    { device: "USB Camera", inputFormat: "yuyv422" },
    "dshow",
    "video=USB Camera",
    { ...PROBE, pixel_format: "yuyv422" },
  ],
] as const)("%s: %o is opened by libav and by the ffmpeg program alike", (system, fields, format, url, options) => {
  const source = device(fields);
  expect(libavInput(source, undefined, system)).toEqual({ format, url, options, paced: false });
  const { args, script } = ffmpegCommand(source, undefined, firstOutput(source), system);
  expect(script).toBe("");
  const input = args.slice(args.indexOf("-fflags"), args.indexOf("-map"));
  expect(input.slice(-4)).toEqual(["-f", format, "-i", url]);
  const given = input.slice(0, -4);
  const pairs = Array.from({ length: given.length / 2 }, (_, index) => given.slice(2 * index, 2 * index + 2));
  expect(Object.fromEntries(pairs.map(([name, value]) => [String(name).slice(1), value]))).toEqual(options);
});

test("the formats of DirectShow that libav cannot choose are left to the ffmpeg program", () => {
  const source = device({ device: "USB Camera", inputFormat: "h264" });
  expect(libavInput(source, undefined, "win32").lacks).toContain("h264");
  const { args } = ffmpegCommand(source, undefined, firstOutput(source), "win32");
  const at = args.indexOf("-vcodec");
  expect(args.slice(at, at + 6)).toEqual(["-vcodec", "h264", "-f", "dshow", "-i", "video=USB Camera"]);
});

test("what a device most likely delivers is tried first", () => {
  const outputs = ["auto", "mjpeg", "yuyv422", "h264"].map((inputFormat) =>
    firstOutput(device({ device: "0", inputFormat })),
  );
  expect(outputs).toEqual(["transcoded", "jpeg", "transcoded", "h264"]);
});

test("a name cannot become an option or a second line", () => {
  for (const name of ["-i", " -f", "a\nb", "a\rb", ""]) {
    expect(() => device({ device: name })).toThrow(/device/);
  }
});

test("an error of a device says what helps", () => {
  const { ENOENT, EACCES, EBUSY, ECONNREFUSED } = constants.errno;
  const source = device({ device: "/dev/video9" });
  expect(openingRemedy(source, -ENOENT)).toContain("/dev/video*");
  expect(openingRemedy(source, -EACCES)).toContain("video");
  expect(openingRemedy(source, -EBUSY)).toContain("Another program");
  expect(openingRemedy(source, -ECONNREFUSED)).toBe("");
  expect(openingRemedy(sourceOf({ kind: "file", path: "/a" }), -ENOENT)).toBe("");
});
