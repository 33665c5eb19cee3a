import { connectWebSocketLink, type Link } from "../../dist/node/index.js";
import { type AgentCommand, PROTOCOL_VERSION, parseAgentCommand } from "../../dist/protocol/index.js";
import { fakePicture } from "./fake-agent.ts";
import { Inbox } from "./inbox.ts";

/** A page that publishes its camera, without a camera. */
export class PublishingPage {
  readonly link: Link;
  readonly commands = new Inbox<AgentCommand>();

  private constructor(link: Link) {
    this.link = link;
    link.onMessage((message) => {
      if (typeof message === "string") this.commands.put(parseAgentCommand(message));
    });
  }

  /** Connects and becomes the camera of this id, which delivers at once. */
  static async connect(url: string, camera: string, token: string): Promise<PublishingPage> {
    const address = `${url.replace(/^http/, "ws")}/api/cameras/${camera}/publish`;
    const page = new PublishingPage(await connectWebSocketLink(address, { bearerToken: token }));
    page.say({ type: "hello", protocol: PROTOCOL_VERSION, name: "camera", version: "test" });
    await page.commands.next(({ type }) => type === "camera");
    const place = { x: 0, y: 0, primary: true, input: false, clipboard: false };
    const source = { key: "camera", name: "camera", kind: "camera", width: 640, height: 360, ...place };
    page.say({ type: "sources", sources: [{ ...source, backend: "browser", backendReason: "a test" }] });
    const counts = { attempt: 0, retryInMs: 0, pictures: 0, discarded: 0 };
    page.say({ type: "camera", report: { state: "healthy", detail: "", ...counts } });
    return page;
  }

  /** Waits until a rung is asked for and announces it. Returns its number. */
  async openRung(): Promise<number> {
    const command = await this.commands.next(({ type }) => type === "open-rung");
    const { rung, codec } = command as Extract<AgentCommand, { type: "open-rung" }>;
    const encoder = { encoder: "browser", encoderReason: "a test" };
    this.say({ type: "rung", rung, codec, codecString: "avc1.42e033", width: 640, height: 360, ...encoder });
    return rung;
  }

  picture(rung: number, sequence: number, options: { keyframe?: boolean } = {}): void {
    this.link.send(fakePicture(rung, sequence, options));
  }

  say(message: object): void {
    this.link.send(JSON.stringify(message));
  }
}
