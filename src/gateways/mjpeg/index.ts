export { DEFAULT_MJPEG_LIMITS, MjpegGateway, type MjpegLimits } from "./gateway.ts";
