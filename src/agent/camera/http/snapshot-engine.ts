import * as http from "node:http";
import * as https from "node:https";
import { type JpegPicture, JpegSplitter } from "../../../codecs/index.ts";
import type { CameraCredentials, CameraSource } from "../../../protocol/index.ts";
import type { CameraEngine } from "../engine.ts";
import { HttpAuthorization } from "./http-authorization.ts";
import { type HttpAgents, httpGet } from "./http-get.ts";
import { JpegOutput } from "./jpeg-output.ts";

/** A picture is here whole within this after the header. */
const BODY_TIMEOUT_MS = 15_000;

/**
 * Asks for one picture after the other, never for two at once. A picture that the camera calls unchanged is delivered
 * again: the camera is alive.
 */
export class SnapshotEngine implements CameraEngine {
  readonly name = "http";
  readonly #source: Extract<CameraSource, { kind: "snapshot" }>;
  readonly #output: JpegOutput;
  readonly onOpened;
  readonly onPicture;
  readonly onFailed;
  readonly #authorization: HttpAuthorization;
  readonly #agents: HttpAgents = {
    http: new http.Agent({ keepAlive: true, maxSockets: 1 }),
    https: new https.Agent({ keepAlive: true, maxSockets: 1 }),
  };
  readonly #aborting = new AbortController();
  readonly #running: Promise<void>;
  #wake: (() => void) | undefined;
  #unchanged: { readonly etag: string; readonly picture: JpegPicture } | undefined;
  #discarded = 0;

  constructor(source: Extract<CameraSource, { kind: "snapshot" }>, credentials: CameraCredentials | undefined) {
    this.#source = source;
    this.#output = new JpegOutput({ codec: "mjpeg", fps: 1000 / source.intervalMs, decoder: "" });
    this.onOpened = this.#output.onOpened;
    this.onPicture = this.#output.onPicture;
    this.onFailed = this.#output.onFailed;
    this.#authorization = new HttpAuthorization(credentials);
    this.#running = this.#run();
  }

  get lasting(): boolean {
    return this.#output.lasting;
  }

  get discarded(): number {
    return this.#discarded;
  }

  async close(): Promise<void> {
    this.#output.close();
    this.#aborting.abort();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#output.ended) {
        const startedMs = performance.now();
        this.#output.deliver(await this.#take());
        await this.#pause(this.#source.intervalMs - (performance.now() - startedMs));
      }
    } catch (error) {
      this.#output.fail(error);
    } finally {
      this.#agents.http.destroy();
      this.#agents.https.destroy();
    }
  }

  async #take(): Promise<JpegPicture> {
    const known = this.#unchanged;
    const answer = await httpGet({
      url: this.#source.url,
      authorization: this.#authorization,
      agents: this.#agents,
      headers: known === undefined ? {} : { "If-None-Match": known.etag },
      anyCertificate: this.#source.anyCertificate,
      signal: this.#aborting.signal,
    });
    if (answer.statusCode === 304) {
      answer.resume();
      if (known === undefined) throw new Error("The camera calls a picture unchanged that it never sent.");
      return copyOf(known.picture);
    }
    const picture = await this.#read(answer);
    const { etag } = answer.headers;
    this.#unchanged = etag === undefined ? undefined : { etag, picture: copyOf(picture) };
    return picture;
  }

  async #read(answer: http.IncomingMessage): Promise<JpegPicture> {
    const pictures: JpegPicture[] = [];
    const splitter = new JpegSplitter({ onPicture: (picture) => pictures.push(picture) });
    const late = new Error("The camera does not finish its picture within 15 s.");
    const timer = setTimeout(() => answer.destroy(late), BODY_TIMEOUT_MS);
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        splitter.push(chunk);
        // An endless answer is a stream, of which one picture is enough.
        if (pictures.length > 1) break;
      }
    } finally {
      clearTimeout(timer);
    }
    const [first] = pictures;
    if (first !== undefined) return first;
    this.#discarded += 1;
    const type = answer.headers["content-type"] ?? "something without a type";
    throw new Error(`The camera answered with ${type.slice(0, 100)} that is no whole JPEG.`);
  }

  /** Waits, or less when the engine is closed meanwhile. */
  async #pause(ms: number): Promise<void> {
    if (this.#output.ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The receiver may hand the bytes on to another thread. */
function copyOf({ data, width, height }: JpegPicture): JpegPicture {
  return { data: data.slice(), width, height };
}
