export { jpegSize } from "./jpeg-size.ts";
export { JpegSplitter, type JpegSplitterOptions } from "./jpeg-splitter.ts";
export type { JpegPicture } from "./jpeg-walker.ts";
export { MAX_JPEG_BYTES, MAX_PART_HEADER_BYTES } from "./limits.ts";
export { multipartBoundary } from "./multipart-boundary.ts";
export { MultipartSplitter, type MultipartSplitterOptions } from "./multipart-splitter.ts";
