export { type FlvAccessUnit, FlvReader, type FlvReaderOptions } from "./flv-reader.ts";
