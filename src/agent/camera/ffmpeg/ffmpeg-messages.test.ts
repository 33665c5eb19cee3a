import { expect, test } from "vitest";
import { isLasting, withoutCredentials } from "./ffmpeg-messages.ts";

test.each([
  [true, "[in#0 @ 0x5] Error opening input: Server returned 401 Unauthorized (authorization failed)"],
  [true, "Error opening input: Server returned 404 Not Found"],
  [true, "/video/door.mp4: No such file or directory"],
  [true, "/dev/video3: No such device"],
  [true, "/dev/video0: Permission denied"],
  [true, "Error opening input: Protocol not found"],
  [true, "Stream map '0:v:0' matches no streams."],
  [true, "The ffmpeg program cannot be started: it is not installed."],
  [false, "Error opening input: Connection refused"],
  [false, "Error opening input: Connection timed out"],
  [false, "Error opening input: Server returned 5XX Server Error reply"],
  [false, "/dev/video0: Device or resource busy"],
  [false, "Conversion failed!"],
])("lasting %s: %s", (lasting, line) => {
  expect(isLasting(`ffmpeg ended (exit code 1): ${line}`)).toBe(lasting);
});

test.each(["secret", "a'b", "p'@/%", "a.b", "x"])(
  "user and password %s are left out of URLs, long passwords of everything",
  (password) => {
    const credentials = { username: "joe", password };
    const url = `rtsp://joe:${encodeURIComponent(password)}@camera.example/1`;
    expect(withoutCredentials(`Cannot open '${url}'`, credentials)).toBe("Cannot open 'rtsp://camera.example/1'");
    expect(withoutCredentials("Cannot open 'http://a:b@other.example/'", credentials)).not.toContain("a:b");
    const filled = `http://camera.example/?usr=joe&pwd=${encodeURIComponent(password).replaceAll("'", "%27")}`;
    expect(withoutCredentials(`Cannot open '${filled}'`, credentials)).toBe(
      "Cannot open 'http://camera.example/?usr=joe&pwd=***'",
    );
    expect(withoutCredentials(`${filled}&x=1`, credentials)).toBe("http://camera.example/?usr=joe&pwd=***&x=1");
    if (password.length > 3) expect(withoutCredentials(`password ${password}`, credentials)).toBe("password ***");
  },
);
