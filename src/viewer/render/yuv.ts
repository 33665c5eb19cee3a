export { convertYuv, type YuvMatrix, type YuvPlanes, type YuvTables, yuvTables } from "../../codecs/yuv/index.ts";
