import { Emitter, type Event } from "../../base/index.ts";
import { type Camera, type CameraCredentials, type CameraSource, fillUrlCredentials } from "../../protocol/index.ts";
import type { CameraEngine, CameraPicture, EngineInfo, EngineOpener, EngineRequest } from "./engine.ts";
import { openFfmpegEngine } from "./ffmpeg/ffmpeg-engine.ts";
import { openHttpEngine } from "./http/http-engine.ts";
import { LibavEngine } from "./libav/libav-engine.ts";
import type { EngineChoice } from "./thread-messages.ts";

const CHOSEN = "chosen by configuration";

/** The engines there are; what a test passes instead. `libav` says whether it failed for want of support. */
export type EngineOpeners = {
  readonly libav: (request: EngineRequest) => CameraEngine & { readonly unsupported: boolean };
  readonly ffmpeg: EngineOpener;
  readonly http: EngineOpener;
};

/** What an engine found, and which one it is. */
export type OpenedEngine = { readonly info: EngineInfo; readonly choice: EngineChoice };

/**
 * One attempt to capture a camera with the engine that suits it: HTTP sources in JavaScript, everything else with libav,
 * and with the `ffmpeg` program where this build of libav cannot, unless the camera's settings force one that can take
 * such a source. Events and `close` are those of {@link CameraEngine}.
 */
export class ChosenEngine {
  readonly #openers: EngineOpeners;
  readonly #request: EngineRequest;
  readonly #opened = new Emitter<OpenedEngine>();
  readonly #pictures = new Emitter<CameraPicture>();
  readonly #failed = new Emitter<string>();
  readonly onOpened: Event<OpenedEngine> = this.#opened.event;
  readonly onPicture: Event<CameraPicture> = this.#pictures.event;
  readonly onFailed: Event<string> = this.#failed.event;
  #engine: CameraEngine | undefined;
  #discarded = 0;
  #closing: Promise<void> | undefined;
  /** Engines that were left behind and may still be releasing what they hold. */
  #leaving: Promise<void> = Promise.resolve();

  constructor(camera: Camera, credentials: CameraCredentials | undefined, openers: EngineOpeners) {
    this.#openers = openers;
    this.#request = { source: filled(camera.source, credentials), credentials, hardware: camera.hardware };
    const http = httpReason(camera);
    if (http !== undefined) this.#use(openers.http(this.#request), http);
    else if (camera.engine === "ffmpeg") this.#use(openers.ffmpeg(this.#request), CHOSEN);
    else this.#useLibav(camera.engine === "libav");
  }

  get discarded(): number {
    return this.#discarded + (this.#engine?.discarded ?? 0);
  }

  get lasting(): boolean {
    return this.#engine?.lasting ?? false;
  }

  get childPid(): number | undefined {
    return this.#engine?.childPid;
  }

  close(): Promise<void> {
    for (const emitter of [this.#opened, this.#pictures, this.#failed]) emitter.close();
    this.#closing ??= Promise.all([this.#leaving, this.#engine?.close()]).then(() => undefined);
    return this.#closing;
  }

  #useLibav(forced: boolean): void {
    const engine = this.#openers.libav(this.#request);
    this.#use(engine, forced ? CHOSEN : "first choice", (reason) => {
      if (forced || !engine.unsupported) return false;
      this.#discarded += engine.discarded;
      this.#leaving = engine.close();
      this.#use(this.#openers.ffmpeg(this.#request), `libav: ${reason}`.slice(0, 512));
      return true;
    });
  }

  /** @param replace may put another engine in the place of one that failed, and says whether it did */
  #use(engine: CameraEngine, reason: string, replace: (reason: string) => boolean = () => false): void {
    this.#engine = engine;
    const choice = { engine: engine.name, engineReason: reason };
    engine.onOpened((info) => this.#opened.emit({ info, choice }));
    engine.onPicture((picture) => {
      if (this.#closing === undefined) this.#pictures.emit(picture);
      else if (picture.kind === "frame") picture.frame.free();
    });
    engine.onFailed((text) => {
      if (this.#closing === undefined && !replace(text)) this.#failed.emit(text);
    });
  }
}

/** The source with user and password in its URL where that has places for them. */
function filled(source: CameraSource, credentials: CameraCredentials | undefined): CameraSource {
  return "url" in source ? { ...source, url: fillUrlCredentials(source.url, credentials) } : source;
}

/** Why the camera's HTTP is read in JavaScript, whatever its settings say; undefined where it is not. */
function httpReason({ engine, source: { kind } }: Camera): string | undefined {
  if (kind !== "mjpeg" && kind !== "snapshot") return undefined;
  if (engine === "auto") return "first choice for HTTP";
  if (engine === "ffmpeg" && kind === "mjpeg") return undefined;
  return `${engine} is not used for ${kind === "mjpeg" ? "MJPEG over HTTP" : "snapshots"}`;
}

/** The product's engines. */
export const ENGINES: EngineOpeners = {
  libav: (request) => new LibavEngine(request),
  ffmpeg: openFfmpegEngine,
  http: openHttpEngine,
};
