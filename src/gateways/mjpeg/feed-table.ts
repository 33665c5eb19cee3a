import type { Closable } from "../../base/index.ts";
import type { SourceInfo } from "../../protocol/index.ts";
import type { DoorEntry } from "../hub-door.ts";
import { Feed } from "./feed.ts";
import type { Frame } from "./multipart.ts";
import type { PictureClass } from "./query.ts";

/** Sources whose last picture is kept after everybody has left, and what those pictures may take together. */
const MAX_KEPT = 256;
const MAX_KEPT_BYTES = 64 << 20;

type Entry = { readonly feed: Feed; users: number; linger: NodeJS.Timeout | undefined };

/** A feed in use; `release` is idempotent. */
export type FeedLease = { readonly feed: Feed; readonly release: () => void };

/** The feeds of a gateway: one for each kind of pictures of a source, from its first user until a while after its last. */
export class FeedTable implements Closable {
  readonly #lingerMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #kept = new Map<string, Frame>();
  #keptBytes = 0;

  constructor(options: { lingerMs: number }) {
    this.#lingerMs = options.lingerMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  feeds(): Feed[] {
    return [...this.#entries.values()].map(({ feed }) => feed);
  }

  /** Takes part in a feed, which is opened with the rights of this entry when there is none yet. */
  lease(entry: DoorEntry, source: SourceInfo, pictures: PictureClass): FeedLease {
    return this.#use(this.#find(entry, source, pictures));
  }

  /** As `lease`, but any feed with such pictures will do, however many a second it has. */
  leaseAny(entry: DoorEntry, source: SourceInfo, pictures: PictureClass): FeedLease {
    const { width, quality } = pictures;
    const like = [...this.#entries.values()].filter(
      ({ feed }) =>
        feed.source.path === source.path && feed.pictures.width === width && feed.pictures.quality === quality,
    );
    // One that has a picture saves the wait for another one's first.
    const best = like.find(({ feed }) => feed.latest !== undefined && feed.lostReason === undefined) ?? like[0];
    return this.#use(best ?? this.#find(entry, source, pictures));
  }

  /** The last picture of a source that anybody was brought, of whatever kind. */
  lastPicture(path: string): Frame | undefined {
    let last = this.#kept.get(path);
    for (const { feed } of this.#entries.values()) {
      if (feed.source.path !== path || feed.latest === undefined) continue;
      if (last === undefined || feed.latest.takenUs > last.takenUs) last = feed.latest;
    }
    return last;
  }

  close(): void {
    for (const entry of this.#entries.values()) {
      clearTimeout(entry.linger);
      entry.feed.close();
    }
    this.#entries.clear();
    this.#kept.clear();
  }

  #find(entry: DoorEntry, source: SourceInfo, pictures: PictureClass): Entry {
    const key = keyOf(source, pictures);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const created = { feed: new Feed({ source, pictures, open: entry.open }), users: 0, linger: undefined };
    this.#entries.set(key, created);
    return created;
  }

  #use(entry: Entry): FeedLease {
    entry.users += 1;
    clearTimeout(entry.linger);
    let released = false;
    return {
      feed: entry.feed,
      release: () => {
        if (released) return;
        released = true;
        entry.users -= 1;
        if (entry.users === 0) entry.linger = setTimeout(() => this.#end(entry), this.#lingerMs);
      },
    };
  }

  #end({ feed }: Entry): void {
    this.#entries.delete(keyOf(feed.source, feed.pictures));
    feed.close();
    if (feed.latest !== undefined) this.#keep(feed.source.path, feed.latest);
  }

  #keep(path: string, frame: Frame): void {
    this.#forget(path);
    // A copy: the message that the picture came in may be a small part of a larger buffer.
    this.#kept.set(path, { ...frame, jpeg: frame.jpeg.slice() });
    this.#keptBytes += frame.jpeg.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT && this.#keptBytes <= MAX_KEPT_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    this.#keptBytes -= this.#kept.get(path)?.jpeg.byteLength ?? 0;
    this.#kept.delete(path);
  }
}

function keyOf({ path }: SourceInfo, { fps, width, quality }: PictureClass): string {
  return `${fps}/${width ?? ""}/${quality ?? ""}/${path}`;
}
