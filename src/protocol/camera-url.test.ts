import { expect, test } from "vitest";
import { fillUrlCredentials, splitSourceCredentials, splitUrlCredentials } from "./camera-url.ts";

test.each([
  ["rtsp://camera/1", "rtsp://camera/1", undefined],
  ["rtsp://user:secret@camera:554/1?a=b@c", "rtsp://camera:554/1?a=b@c", { username: "user", password: "secret" }],
  ["http://user@camera", "http://camera", { username: "user", password: "" }],
  ["http://u%40x:p%2Fw@camera/", "http://camera/", { username: "u@x", password: "p/w" }],
  ["rtsp://u:p@ss@[::1]:8554/x", "rtsp://[::1]:8554/x", { username: "u", password: "p@ss" }],
  ["rtsp://u:100%@camera/x", "rtsp://camera/x", { username: "u", password: "100%" }],
  ["http://camera/?next=http://a:b@c", "http://camera/?next=http://a:b@c", undefined],
  ["no url at all", "no url at all", undefined],
  [
    "http://camera/cgi-bin/api.cgi?cmd=Snap&user=admin&password=s%26c&x=1",
    "http://camera/cgi-bin/api.cgi?cmd=Snap&user={username}&password={password}&x=1",
    { username: "admin", password: "s&c" },
  ],
  [
    "http://camera/image.cgi?usr=admin&PWD=$&a#b",
    "http://camera/image.cgi?usr={username}&PWD={password}&a#b",
    { username: "admin", password: "$" },
  ],
  ["http://camera/?pwd=a/b?c", "http://camera/?pwd={password}", { username: "", password: "a/b?c" }],
  [
    "rtsp://camera:554/user=admin&password=&channel=1&stream=0.sdp",
    "rtsp://camera:554/user={username}&password={password}&channel=1&stream=0.sdp",
    { username: "admin", password: "" },
  ],
  ["http://camera/?user={username}&pwd={password}", "http://camera/?user={username}&pwd={password}", undefined],
  ["http://camera/?user=1&channel=2", "http://camera/?user=1&channel=2", undefined],
])("%s", (given, url, credentials) => {
  expect(splitUrlCredentials(given)).toEqual({ url, credentials });
});

test("user and password go back into their places, escaped, and only there", () => {
  const credentials = { username: "a b", password: "$&{username}'" };
  const url = "http://camera/?usr={username}&pwd={password}&x=1";
  expect(fillUrlCredentials(url, credentials)).toBe("http://camera/?usr=a%20b&pwd=%24%26%7Busername%7D'&x=1");
  expect(fillUrlCredentials(url, undefined)).toBe("http://camera/?usr=&pwd=&x=1");
  expect(fillUrlCredentials("http://camera/{x}", credentials)).toBe("http://camera/{x}");
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
