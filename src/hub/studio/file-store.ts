import { createHash, randomUUID } from "node:crypto";
import { createWriteStream, mkdirSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** What a scene may be made of, and how its files are named. Nothing that a browser would run as a page. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  "video/mp4": "mp4",
  "video/webm": "webm",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/avif": "avif",
};

export const FILE_TYPES: readonly string[] = Object.keys(EXTENSIONS);

export const MAX_FILE_BYTES = 256 << 20;
export const MAX_STORED_BYTES = 4 * 2 ** 30;

/** Why a file was not kept. */
export class FileRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Keeps files under the hash of their bytes, so the same clip is kept once and its address never changes its meaning. */
export class FileStore {
  readonly folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.folder = folder;
  }

  /** Takes a file as it comes in, without holding it in memory. Resolves with its name. */
  async add(content: Readable, contentType: string): Promise<string> {
    const extension = EXTENSIONS[contentType];
    if (extension === undefined) throw new FileRefused(415, "Only videos and images can be kept.");
    const room = Math.min(MAX_FILE_BYTES, MAX_STORED_BYTES - (await this.#usedBytes()));
    const temporary = join(this.folder, `.${randomUUID()}`);
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      await pipeline(
        content,
        async function* count(chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            bytes += chunk.byteLength;
            if (bytes > room)
              throw new FileRefused(413, `Files may have ${MAX_FILE_BYTES >> 20} MiB, as long as there is room.`);
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(temporary, { mode: 0o600 }),
      );
      const name = `${hash.digest("hex")}.${extension}`;
      await rename(temporary, join(this.folder, name));
      return name;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #usedBytes(): Promise<number> {
    const names = await readdir(this.folder);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.folder, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}
