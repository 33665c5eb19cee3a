export { type LegacyKvmGateway, type LegacyKvmOptions, startLegacyKvm } from "./legacy-kvm/gateway.ts";
export { DEFAULT_MJPEG_LIMITS, MjpegGateway, type MjpegLimits } from "./mjpeg/index.ts";
