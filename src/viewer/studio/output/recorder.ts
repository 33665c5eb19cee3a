import type { OutputStream } from "../stage/output-stream.ts";

/** Best first; MP4 plays everywhere, but not every browser writes it. */
const FORMATS = ["video/mp4;codecs=avc1.640028", "video/webm;codecs=vp9", "video/webm"] as const;
const BITS_PER_SECOND = 8_000_000;
const CHUNK_MS = 1000;

/** Records a scene to a file. */
export class SceneRecorder {
  readonly #output: OutputStream;
  readonly #recorder: MediaRecorder;
  readonly #chunks: Blob[] = [];
  readonly #name: string;

  /** Starts at once. The recorder holds the output until `finish`. */
  constructor(output: OutputStream, name: string) {
    this.#output = output;
    this.#name = name;
    const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format)) ?? "";
    this.#recorder = new MediaRecorder(output.stream, { mimeType, videoBitsPerSecond: BITS_PER_SECOND });
    this.#recorder.ondataavailable = ({ data }) => this.#chunks.push(data);
    this.#recorder.start(CHUNK_MS);
  }

  /** Ends the recording. Resolves with the file. */
  async finish(): Promise<File> {
    const stopped = new Promise((resolve) => this.#recorder.addEventListener("stop", resolve, { once: true }));
    this.#recorder.stop();
    await stopped;
    this.#output.release();
    const type = this.#recorder.mimeType.split(";", 1)[0] ?? "video/webm";
    const stamp = new Date().toISOString().replaceAll(":", "-").slice(0, 19);
    const name = `${this.#name} ${stamp}.${type === "video/mp4" ? "mp4" : "webm"}`;
    return new File(this.#chunks, name, { type });
  }
}

/** Hands a file to the person. */
export function downloadFile(file: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
