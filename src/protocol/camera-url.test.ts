import { expect, test } from "vitest";
import { splitSourceCredentials, splitUrlCredentials } from "./camera-url.ts";

test.each([
  ["rtsp://camera/1", "rtsp://camera/1", undefined],
  ["rtsp://user:secret@camera:554/1?a=b@c", "rtsp://camera:554/1?a=b@c", { username: "user", password: "secret" }],
  ["http://user@camera", "http://camera", { username: "user", password: "" }],
  ["http://u%40x:p%2Fw@camera/", "http://camera/", { username: "u@x", password: "p/w" }],
  ["rtsp://u:p@ss@[::1]:8554/x", "rtsp://[::1]:8554/x", { username: "u", password: "p@ss" }],
  ["rtsp://u:100%@camera/x", "rtsp://camera/x", { username: "u", password: "100%" }],
  ["http://camera/?next=http://a:b@c", "http://camera/?next=http://a:b@c", undefined],
  ["no url at all", "no url at all", undefined],
])("%s", (given, url, credentials) => {
  expect(splitUrlCredentials(given)).toEqual({ url, credentials });
});

test("only a source with a URL has credentials in it", () => {
  const file = { id: "a", source: { kind: "file", path: "/u:p@x" } };
  expect(splitSourceCredentials(file)).toEqual({ camera: file, credentials: undefined });
  expect(splitSourceCredentials(null)).toEqual({ camera: null, credentials: undefined });
  expect(splitSourceCredentials({ source: { kind: "rtsp", url: "rtsp://u:p@h/" } })).toEqual({
    camera: { source: { kind: "rtsp", url: "rtsp://h/" } },
    credentials: { username: "u", password: "p" },
  });
});
