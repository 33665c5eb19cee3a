/**
 * A camera that speaks MJPEG over HTTP: `node jpeg-camera.js WIDTH HEIGHT FPS`. It says its port on standard output. Every
 * client gets every picture, with the time at which it was sent inside.
 */
import { createServer, type ServerResponse } from "node:http";
import { testJpegs } from "../../test/support/test-jpegs.ts";
import { monotonicMs } from "./monotonic.ts";
import { stampJpeg } from "./stamped-jpeg.ts";

const [width = 1280, height = 720, fps = 10] = process.argv.slice(2).map(Number);
const jpegs = testJpegs(width, height, 20);
const clients = new Set<ServerResponse>();
const server = createServer((_request, response) => {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=frame" });
  response.write("--frame\r\n");
  clients.add(response);
  response.on("close", () => clients.delete(response));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`port ${typeof address === "object" ? address?.port : 0}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();

let pictures = 0;
const startMs = monotonicMs();
const next = (): void => {
  const jpeg = stampJpeg(jpegs[pictures % jpegs.length] as Buffer, monotonicMs() * 1000);
  const head = `Content-Type: image/jpeg\r\nContent-Length: ${jpeg.byteLength}\r\n\r\n`;
  for (const client of clients) {
    client.cork();
    client.write(head);
    client.write(jpeg);
    client.write("\r\n--frame\r\n");
    client.uncork();
  }
  pictures += 1;
  setTimeout(next, Math.max(0, startMs + (pictures * 1000) / fps - monotonicMs()));
};
next();
