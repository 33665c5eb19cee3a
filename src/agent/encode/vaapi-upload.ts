import {
  AV_HWDEVICE_TYPE_VAAPI,
  AV_PIX_FMT_VAAPI,
  type AVPixelFormat,
  type CodecContext,
  Frame,
  HardwareDeviceContext,
  HardwareFramesContext,
} from "node-av";
import { type Closable, Scope } from "../../base/index.ts";
import { checkLibav } from "./libav.ts";
import type { Size } from "./picture-size.ts";

/** Surfaces that exist at once: the one being encoded, its reference, and one to write to. */
const POOL_SIZE = 4;

/** Carries frames from memory to surfaces of the default VAAPI device, as h264_vaapi takes nothing else. */
export class VaapiUpload implements Closable {
  readonly #scope = new Scope();
  readonly #frames = new HardwareFramesContext();
  readonly #surface = new Frame();

  /** Throws EnvironmentError when there is no such device or it cannot hold such pictures. */
  constructor(size: Size, pixelFormat: AVPixelFormat) {
    const device = new HardwareDeviceContext();
    try {
      checkLibav(device.create(AV_HWDEVICE_TYPE_VAAPI, null, null), "Opening the VAAPI device");
      this.#scope.defer(() => device.free());
      this.#frames.alloc(device);
      this.#scope.defer(() => this.#frames.free());
      this.#frames.format = AV_PIX_FMT_VAAPI;
      this.#frames.swFormat = pixelFormat;
      this.#frames.width = size.width;
      this.#frames.height = size.height;
      this.#frames.initialPoolSize = POOL_SIZE;
      checkLibav(this.#frames.init(), "Allocating surfaces");
      this.#surface.alloc();
      this.#scope.defer(() => this.#surface.free());
    } catch (error) {
      this.#scope.close();
      throw error;
    }
  }

  /** Makes the encoder take surfaces; before it is opened. */
  attach(context: CodecContext): void {
    context.pixelFormat = AV_PIX_FMT_VAAPI;
    context.hwFramesCtx = this.#frames;
  }

  /** The surface with the frame's picture, valid until the next upload. */
  upload(frame: Frame): Frame {
    this.#surface.unref();
    checkLibav(this.#frames.getBuffer(this.#surface, 0), "Taking a surface");
    checkLibav(this.#frames.transferDataSync(this.#surface, frame, 0), "Uploading the picture");
    checkLibav(this.#surface.copyProps(frame), "Uploading the picture");
    return this.#surface;
  }

  close(): void {
    this.#scope.close();
  }
}
