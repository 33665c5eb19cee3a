import type { EngineOpener } from "../engine.ts";
import { MjpegEngine } from "./mjpeg-engine.ts";
import { SnapshotEngine } from "./snapshot-engine.ts";

/** Captures what HTTP cameras deliver: one endless answer, or one request per picture. */
export const openHttpEngine: EngineOpener = (request) => {
  switch (request.source.kind) {
    case "mjpeg":
      return new MjpegEngine(request.source, request.credentials);
    case "snapshot":
      return new SnapshotEngine(request.source, request.credentials);
    default:
      throw new TypeError(`The http engine is not used for sources of the kind "${request.source.kind}".`);
  }
};
