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

/**
 * A way to decode in hardware that this machine may have. `failAtPacket` makes the decoder fail from that packet on (1 is
 * the first): it is how the take-over by the next one is tested where no hardware is.
 */
export type HardwareDecoding = {
  readonly name: string;
  /** The device, and what the decoder calls its surfaces; undefined in tests only. */
  readonly device: { readonly type: AVHWDeviceType; readonly pixelFormat: AVPixelFormat } | undefined;
  readonly failAtPacket?: number;
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
    return pixelFormat === undefined || !present() ? [] : [{ name, device: { type, pixelFormat } }];
  });
}

function hasRenderNode(): boolean {
  try {
    return readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  } catch {
    return false;
  }
}
