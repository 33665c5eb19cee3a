export {
  convertYuv,
  matrixWeights,
  YUV_CLAMP,
  YUV_SHIFT,
  type YuvMatrix,
  type YuvPlanes,
  type YuvTables,
  yuvTables,
} from "./yuv.ts";
