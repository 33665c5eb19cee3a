import { expect, test } from "vitest";
import type { SourceInfo } from "../../protocol/index.ts";
import { parseClientMessage } from "./client-messages.ts";
import { chooseCodec, monitorOrder, readRequest } from "./request.ts";

test.each([
  ["/ws?monitor=2&codec=vp8", { path: "/ws", monitor: 2, codec: "vp8" }],
  ["/ws?monitor=2;codec=rgba;audio=true", { path: "/ws", monitor: 2, codec: "rgba" }],
  ["/ws?audio=true&monitor=1;codec=yuv420_webm", { path: "/ws", monitor: 1, codec: "yuv420_webm" }],
  ["/ws", { path: "/ws", monitor: 0, codec: "vp8" }],
  ["/ws?monitor=-1", { path: "/ws", monitor: 0, codec: "vp8" }],
  ["/ws?monitor=99999999999", { path: "/ws", monitor: 0, codec: "vp8" }],
])("%s", (target, expected) => expect(readRequest(target)).toEqual(expected));

test.each([
  ["vp8", 1920, "kvm-delta"],
  ["vp8", 1281, "kvm-rle"],
  ["anything", 257, "kvm-rle"],
  ["rgba", 1281, "kvm-rgba"],
  ["yuv420_webm", 1920, "kvm-rgba"],
])("%s at a width of %i gets %s", (codec, width, expected) => {
  expect(chooseCodec({ path: "/ws", monitor: 0, codec }, "auto", width)).toBe(expected);
  expect(chooseCodec({ path: "/ws", monitor: 0, codec }, "json", width)).toBe("kvm-json");
});

test("monitors are numbered the same way every time, screens and primary ones first, and without those that may not be seen", () => {
  const source = (path: string, primary: boolean, change: Partial<SourceInfo> = {}): SourceInfo =>
    ({ path, primary, kind: "screen", grants: ["view"], ...change }) as SourceInfo;
  const sources = [
    source("a/camera", true, { kind: "camera" }),
    source("b/2", false),
    source("b/1", true),
    source("a/9", false),
    source("a/1", true, { grants: [] }),
  ];
  expect(monitorOrder(sources).map(({ path }) => path)).toEqual(["b/1", "a/9", "b/2", "a/camera"]);
  expect(monitorOrder(sources.reverse()).map(({ path }) => path)).toEqual(["b/1", "a/9", "b/2", "a/camera"]);
});

test("a message of another type is none of ours; what is no message at all, or has wrong fields, is refused", () => {
  expect(parseClientMessage('{"type":"network_stats","stats":{}}')).toBeUndefined();
  expect(parseClientMessage('{"type":"mousemove","x":null}')).toEqual({
    type: "mousemove",
    x: undefined,
    y: undefined,
  });
  for (const text of ["", "[]", "null", "{}", '{"type":1}', '{"type":"mousemove","x":"1"}', '{"type":"mousedown"}']) {
    expect(() => parseClientMessage(text)).toThrow("legacy client");
  }
});
