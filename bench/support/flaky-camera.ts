import { createServer, type ServerResponse } from "node:http";
import { testJpegs } from "../../test/support/test-jpegs.ts";
import type { Lifetime } from "./lifetime.ts";
import { listenLocally } from "./local-server.ts";

const STEP_MS = 100;

/** How a camera behaves: it delivers, is silent with its connections open, or answers that it is busy. */
export type CameraMood = "good" | "silent" | "busy";

/** A camera that speaks MJPEG over HTTP and can be told to misbehave. */
export class FlakyCamera {
  mood: CameraMood = "good";
  readonly port: number;
  readonly #clients: ReadonlySet<ServerResponse>;

  private constructor(port: number, clients: ReadonlySet<ServerResponse>) {
    this.port = port;
    this.#clients = clients;
  }

  static async start(lifetime: Lifetime): Promise<FlakyCamera> {
    const clients = new Set<ServerResponse>();
    let camera: FlakyCamera | undefined;
    const server = createServer((_request, response) => {
      if (camera?.mood === "busy") {
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=frame" });
      clients.add(response);
      response.on("close", () => clients.delete(response));
    });
    camera = new FlakyCamera(await listenLocally(lifetime, server), clients);
    const jpegs = testJpegs(640, 360, 10);
    let pictures = 0;
    const timer = setInterval(() => {
      pictures += 1;
      if (camera.mood === "good") camera.#send(jpegs[pictures % jpegs.length] as Buffer);
    }, STEP_MS);
    lifetime.defer(() => clearInterval(timer));
    return camera;
  }

  /** Drops every connection, as a camera does that restarts. */
  restart(): void {
    for (const client of this.#clients) client.destroy();
  }

  #send(jpeg: Buffer): void {
    const head = `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.byteLength}\r\n\r\n`;
    for (const client of this.#clients) {
      client.write(head);
      client.write(jpeg);
      client.write("\r\n");
    }
  }
}
