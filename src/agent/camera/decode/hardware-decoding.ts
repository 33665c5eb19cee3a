import { existsSync, readdirSync } from "node:fs";
import { platform } from "node:os";
import {
  AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX,
  AV_HWDEVICE_TYPE_CUDA,
  AV_HWDEVICE_TYPE_D3D11VA,
  AV_HWDEVICE_TYPE_VAAPI,
  AV_HWDEVICE_TYPE_VIDEOTOOLBOX,
  type AVHWDeviceType,
  type AVPixelFormat,
  type Codec,
} from "node-av";

/** A way to decode in hardware that this machine may have. */
export type HardwareDecoding = {
  readonly name: string;
  readonly type: AVHWDeviceType;
  /** What the decoder calls its surfaces. */
  readonly pixelFormat: AVPixelFormat;
};

/** What is plainly not there is not tried: opening a driver costs much time and memory. */
const DEVICES: ReadonlyArray<{ name: string; type: AVHWDeviceType; present: () => boolean }> = [
  { name: "cuda", type: AV_HWDEVICE_TYPE_CUDA, present: () => existsSync("/dev/nvidiactl") || existsSync("/dev/dxg") },
  { name: "vaapi", type: AV_HWDEVICE_TYPE_VAAPI, present: hasRenderNode },
  { name: "videotoolbox", type: AV_HWDEVICE_TYPE_VIDEOTOOLBOX, present: () => platform() === "darwin" },
  { name: "d3d11va", type: AV_HWDEVICE_TYPE_D3D11VA, present: () => platform() === "win32" },
];

/** The ways to decode with this codec in hardware that are worth a try here, best first. */
export function hardwareDecodings(codec: Codec): HardwareDecoding[] {
  const formats = new Map<AVHWDeviceType, AVPixelFormat>();
  for (let index = 0; ; index += 1) {
    const config = codec.getHwConfig(index);
    if (config === null) break;
    if ((config.methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX) !== 0) formats.set(config.deviceType, config.pixFmt);
  }
  return DEVICES.flatMap(({ name, type, present }) => {
    const pixelFormat = formats.get(type);
    return pixelFormat === undefined || !present() ? [] : [{ name, type, pixelFormat }];
  });
}

function hasRenderNode(): boolean {
  try {
    return readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  } catch {
    return false;
  }
}
