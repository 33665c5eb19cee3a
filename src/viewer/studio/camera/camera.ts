import { Backoff, type Closable, Emitter } from "../../../base/index.ts";
import { type CameraProblem, describeCameraError, NO_CAMERAS } from "./camera-problem.ts";

/** What is asked of a camera; what it cannot do it does as near as possible. */
export type CameraRequest = {
  /** Undefined takes the browser's default. */
  readonly deviceId: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
};

export type CameraDevice = { readonly deviceId: string; readonly label: string };

export type CameraState =
  | { readonly kind: "off" }
  | { readonly kind: "starting" }
  | {
      readonly kind: "live";
      readonly label: string;
      readonly deviceId: string;
      readonly width: number;
      readonly height: number;
      readonly fps: number;
    }
  | { readonly kind: "lost"; readonly problem: CameraProblem };

const UNPLUGGED: CameraProblem = {
  text: "The camera is gone.",
  remedy: "Connect it again. It comes back by itself.",
};
const RETRY = { firstMs: 300, baseMs: 500, capMs: 5000 };

/** One camera that comes back by itself: when it is connected again, allowed again, or free again. */
export class Camera implements Closable {
  readonly #changed = new Emitter<CameraState>();
  readonly #tracks = new Emitter<MediaStreamTrack | undefined>();
  readonly #listed = new Emitter<readonly CameraDevice[]>();
  /** State of the camera. */
  readonly onState = this.#changed.event;
  /** The track whose frames are shown; undefined when there is none any more. */
  readonly onTrack = this.#tracks.event;
  readonly onDevices = this.#listed.event;
  readonly #backoff = new Backoff({ ...RETRY, random: Math.random });
  #request: CameraRequest | undefined;
  #track: MediaStreamTrack | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: CameraState = { kind: "off" };
  #permission: PermissionStatus | undefined;

  constructor() {
    navigator.mediaDevices?.addEventListener("devicechange", this.#devicesChanged);
    document.addEventListener("visibilitychange", this.#looked);
    void this.#watchPermission();
  }

  get state(): CameraState {
    return this.#state;
  }

  get track(): MediaStreamTrack | undefined {
    return this.#track;
  }

  /** Starts the camera, or starts it anew with another request. */
  open(request: CameraRequest): void {
    this.#request = request;
    this.#backoff.reset();
    void this.#start();
  }

  /** The cameras that there are. Labels are empty until the person has allowed one. */
  async devices(): Promise<readonly CameraDevice[]> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return all.filter(({ kind }) => kind === "videoinput").map(({ deviceId, label }) => ({ deviceId, label }));
  }

  close(): void {
    this.#request = undefined;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    navigator.mediaDevices?.removeEventListener("devicechange", this.#devicesChanged);
    document.removeEventListener("visibilitychange", this.#looked);
    if (this.#permission !== undefined) this.#permission.onchange = null;
    this.#drop();
  }

  async #start(): Promise<void> {
    const request = this.#request;
    if (request === undefined) return;
    clearTimeout(this.#timer);
    this.#attempt += 1;
    const attempt = this.#attempt;
    if (navigator.mediaDevices === undefined) {
      this.#set({ kind: "lost", problem: NO_CAMERAS });
      return;
    }
    if (this.#state.kind !== "live") this.#set({ kind: "starting" });
    // A camera that is open keeps its size and rate for whoever asks next, and phones open one at a time.
    this.#track?.stop();
    let track: MediaStreamTrack | undefined;
    try {
      const { deviceId, width, height, fps } = request;
      const stream = await navigator.mediaDevices.getUserMedia({
        video: {
          ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
          width: { ideal: width },
          height: { ideal: height },
          frameRate: { ideal: fps },
          // The camera's own pictures: a browser that cuts and scales them costs time, and cuts people's heads off.
          ...{ resizeMode: { ideal: "none" } },
        },
      });
      [track] = stream.getVideoTracks();
      if (track === undefined) throw new Error("The browser gave a stream without a picture.");
    } catch (error) {
      const isRefused = error instanceof Error && error.name === "NotAllowedError";
      if (attempt === this.#attempt) this.#lose(describeCameraError(error), isRefused);
      return;
    }
    if (attempt !== this.#attempt) {
      track.stop();
      return;
    }
    this.#use(track);
  }

  #use(track: MediaStreamTrack): void {
    this.#track = track;
    this.#backoff.reset();
    track.onended = () => {
      if (this.#track === track) this.#lose(UNPLUGGED);
    };
    this.#tracks.emit(track);
    const { deviceId = "", width = 0, height = 0, frameRate = 0 } = track.getSettings();
    this.#set({ kind: "live", label: track.label, deviceId, width, height, fps: frameRate });
    void this.#list();
  }

  /**
   * Keeps asking, slower and slower; a device that appears is tried at once. Somebody who said no is not asked again: the
   * change of the permission starts the camera.
   */
  #lose(problem: CameraProblem, isRefused = false): void {
    this.#drop();
    this.#set({ kind: "lost", problem });
    void this.#list();
    clearTimeout(this.#timer);
    if (!isRefused) this.#timer = setTimeout(() => void this.#start(), this.#backoff.nextDelayMs());
  }

  #drop(): void {
    const track = this.#track;
    if (track === undefined) return;
    this.#track = undefined;
    track.onended = null;
    track.stop();
    this.#tracks.emit(undefined);
  }

  readonly #devicesChanged = (): void => {
    void this.#list();
    if (this.#state.kind === "lost") {
      this.#backoff.reset();
      void this.#start();
    }
  };

  /** A phone may take the camera away from a page that nobody sees. */
  readonly #looked = (): void => {
    if (document.visibilityState !== "visible" || this.#request === undefined) return;
    if (this.#track?.readyState === "ended") this.#lose(UNPLUGGED);
    else if (this.#state.kind === "lost") this.#devicesChanged();
  };

  async #watchPermission(): Promise<void> {
    try {
      this.#permission = await navigator.permissions.query({ name: "camera" as PermissionName });
      this.#permission.onchange = this.#devicesChanged;
    } catch {
      // Some browsers do not tell; asking again later finds out.
    }
  }

  async #list(): Promise<void> {
    this.#listed.emit(await this.devices());
  }

  #set(state: CameraState): void {
    this.#state = state;
    this.#changed.emit(state);
  }
}
