export { type LegacyKvmGateway, type LegacyKvmOptions, startLegacyKvm } from "./legacy-kvm/gateway.ts";
export { MjpegGateway, type MjpegLimits } from "./mjpeg/index.ts";
