export { MjpegGateway, type MjpegLimits } from "./gateway.ts";
