import type { Rect } from "../../../base/index.ts";
import type { YuvMatrix, YuvPlanes } from "../../../codecs/yuv/index.ts";

/** A 4:2:0 frame's bytes. */
export type PlanarCopy = {
  readonly kind: "planar";
  readonly planes: YuvPlanes;
  readonly width: number;
  readonly height: number;
  readonly matrix: YuvMatrix;
  readonly fullRange: boolean;
  /** Where the plane of the video's own alpha starts, if it has one. */
  readonly alphaOffset: number | undefined;
};

/** Any other frame's bytes, converted by the browser: R G B A, straight alpha. */
export type RgbaCopy = {
  readonly kind: "rgba";
  readonly pixels: Uint32Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
};

/** Copies the bytes of frames into one buffer that it keeps; a copy is valid until the next one. */
export class FrameCopier {
  #buffer = new ArrayBuffer(0);

  async copy(frame: VideoFrame, crop: Rect): Promise<PlanarCopy | RgbaCopy> {
    const { format } = frame;
    if (format === "I420" || format === "I420A" || format === "NV12") {
      return this.#copyPlanes(frame, codedRect(frame, crop), format);
    }
    return this.copyColors(frame, crop);
  }

  /** Lets the browser convert whatever the frame is. */
  async copyColors(frame: VideoFrame, crop: Rect): Promise<RgbaCopy> {
    const rect = codedRect(frame, crop);
    const { width, height } = crop;
    const bytes = this.#bytes(width * height * 4);
    await frame.copyTo(bytes, { rect, format: "RGBA", layout: [{ offset: 0, stride: width * 4 }] });
    return { kind: "rgba", pixels: new Uint32Array(bytes.buffer, 0, width * height), width, height };
  }

  async #copyPlanes(frame: VideoFrame, rect: Rect, format: "I420" | "I420A" | "NV12"): Promise<PlanarCopy> {
    const { width, height } = rect;
    const chromaWidth = (width + 1) >> 1;
    const chromaBytes = chromaWidth * ((height + 1) >> 1);
    const uOffset = width * height;
    const alphaOffset = format === "I420A" ? uOffset + 2 * chromaBytes : undefined;
    const chromaStep = format === "NV12" ? 2 : 1;
    const vOffset = format === "NV12" ? uOffset + 1 : uOffset + chromaBytes;
    const chromaStride = chromaWidth * chromaStep;
    const layout = [
      { offset: 0, stride: width },
      { offset: uOffset, stride: chromaStride },
    ];
    if (format !== "NV12") layout.push({ offset: vOffset, stride: chromaStride });
    if (alphaOffset !== undefined) layout.push({ offset: alphaOffset, stride: width });
    const bytes = this.#bytes(uOffset + 2 * chromaBytes + (alphaOffset === undefined ? 0 : width * height));
    await frame.copyTo(bytes, { rect, layout });
    const planes: YuvPlanes = { bytes, yStride: width, uOffset, vOffset, chromaStride, chromaStep };
    return { kind: "planar", planes, width, height, alphaOffset, ...colorOf(frame) };
  }

  #bytes(length: number): Uint8Array<ArrayBuffer> {
    if (this.#buffer.byteLength < length) this.#buffer = new ArrayBuffer(length);
    return new Uint8Array(this.#buffer, 0, length);
  }
}

/** A rectangle of a copy counts from the coded picture's corner; the visible picture may start elsewhere. */
function codedRect({ visibleRect }: VideoFrame, { x, y, width, height }: Rect): Rect {
  return { x: x + (visibleRect?.x ?? 0), y: y + (visibleRect?.y ?? 0), width, height };
}

/** The colour matrix of a frame. One that does not say is BT.709 from 720 lines on and BT.601 below, as browsers guess. */
export function colorOf({ colorSpace, codedHeight }: VideoFrame): { matrix: YuvMatrix; fullRange: boolean } {
  const { matrix, fullRange } = colorSpace;
  return { matrix: matrixName(matrix, codedHeight), fullRange: fullRange ?? false };
}

function matrixName(matrix: string | null, height: number): YuvMatrix {
  if (matrix === "bt709") return "bt709";
  if (matrix === "bt2020-ncl") return "bt2020";
  if (matrix === "smpte170m" || matrix === "bt470bg") return "bt601";
  return height >= 720 ? "bt709" : "bt601";
}
