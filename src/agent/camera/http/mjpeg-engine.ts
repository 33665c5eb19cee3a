import type { IncomingMessage } from "node:http";
import { JpegSplitter, MultipartSplitter, multipartBoundary } from "../../../codecs/index.ts";
import type { CameraCredentials, CameraSource } from "../../../protocol/index.ts";
import type { CameraEngine } from "../engine.ts";
import { LastingFailure } from "../lasting-failure.ts";
import { HttpAuthorization } from "./http-authorization.ts";
import { httpGet } from "./http-get.ts";
import { JpegOutput } from "./jpeg-output.ts";

/** The body begins within this after the header. */
const FIRST_BYTE_TIMEOUT_MS = 10_000;

type MjpegSource = Extract<CameraSource, { kind: "mjpeg" }>;

/** Reads one endless HTTP answer: multipart/x-mixed-replace, or JPEGs back to back. */
export class MjpegEngine implements CameraEngine {
  readonly name = "http";
  readonly #output = new JpegOutput({ codec: "mjpeg", fps: 0, decoder: "" });
  readonly onOpened = this.#output.onOpened;
  readonly onPicture = this.#output.onPicture;
  readonly onFailed = this.#output.onFailed;
  readonly #aborting = new AbortController();
  readonly #running: Promise<void>;
  #splitter: JpegSplitter | MultipartSplitter | undefined;

  constructor(source: MjpegSource, credentials: CameraCredentials | undefined) {
    this.#running = this.#run(source, credentials);
  }

  get lasting(): boolean {
    return this.#output.lasting;
  }

  get discarded(): number {
    return this.#splitter?.discardedPictures ?? 0;
  }

  async close(): Promise<void> {
    this.#output.close();
    this.#aborting.abort();
    await this.#running;
  }

  async #run({ url, anyCertificate }: MjpegSource, credentials: CameraCredentials | undefined): Promise<void> {
    const { signal } = this.#aborting;
    const authorization = new HttpAuthorization(credentials);
    try {
      const answer = await httpGet({ url, authorization, anyCertificate, signal });
      await this.#read(answer);
      this.#output.fail(new Error("The camera ended its answer."));
    } catch (error) {
      this.#output.fail(error);
    }
  }

  async #read(answer: IncomingMessage): Promise<void> {
    const type = answer.headers["content-type"] ?? "";
    if (/^\s*(text|application\/(json|xml|xhtml))/i.test(type)) {
      answer.destroy();
      throw new LastingFailure(`The camera answered with ${type.slice(0, 100)} instead of pictures.`);
    }
    const boundary = multipartBoundary(type);
    const onPicture = this.#output.deliver.bind(this.#output);
    const splitter =
      boundary === undefined ? new JpegSplitter({ onPicture }) : new MultipartSplitter({ boundary, onPicture });
    this.#splitter = splitter;
    const silent = new Error("The camera sends no pictures: its answer has no content for 10 s.");
    const timer = setTimeout(() => answer.destroy(silent), FIRST_BYTE_TIMEOUT_MS);
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        clearTimeout(timer);
        splitter.push(chunk);
      }
    } finally {
      clearTimeout(timer);
      answer.destroy();
    }
  }
}
