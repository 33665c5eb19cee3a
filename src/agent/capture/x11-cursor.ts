import { type Closable, Emitter, type Event } from "../../base/index.ts";
import { MAX_CURSOR_EDGE } from "../../protocol/index.ts";
import { request, type X11Connection } from "../x11/index.ts";
import type { CursorShape } from "./capturer.ts";

const HIDDEN: CursorShape = { width: 0, height: 0, hotspotX: 0, hotspotY: 0, rgba: new Uint8Array(0) };

/** Follows the shape of the pointer through XFIXES; without that extension there are no shapes. */
export class X11Cursor implements Closable {
  readonly #connection: X11Connection;
  readonly #shapes = new Emitter<CursorShape>();
  readonly #imageRequest: Buffer | undefined;
  readonly #unsubscribe: () => void = () => {};
  #closed = false;

  constructor(connection: X11Connection) {
    this.#connection = connection;
    const fixes = connection.extension("XFIXES");
    if (fixes === undefined) return;
    connection.ask(request(fixes.majorOpcode, 0).u32(5, 0).bytes());
    connection.check(request(fixes.majorOpcode, 3).u32(connection.screen.root, 1).bytes());
    this.#imageRequest = request(fixes.majorOpcode, 4).bytes();
    this.#unsubscribe = connection.onEvent(({ code }) => {
      if (code === fixes.firstEvent + 1) this.#shapes.emit(this.#read());
    });
  }

  /** Each listener gets the shape of now first, in a turn of its own, then every change. */
  readonly onCursor: Event<CursorShape> = (listener) => {
    const unsubscribe = this.#shapes.event(listener);
    const first = setImmediate(() => {
      if (!this.#closed && this.#imageRequest !== undefined) listener(this.#read());
    });
    return () => {
      clearImmediate(first);
      unsubscribe();
    };
  };

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#shapes.close();
  }

  #read(): CursorShape {
    try {
      return parseCursorImage(this.#connection.ask(this.#imageRequest as Buffer));
    } catch {
      // The server refuses while no pointer is shown; when it went away the connection reports it.
      return HIDDEN;
    }
  }
}

/**
 * Reads a reply to XFixesGetCursorImage: premultiplied A R G B words become straight R G B A bytes. A shape larger than
 * a message can carry is cropped; one without any visible pixel is hidden.
 */
export function parseCursorImage(reply: Buffer): CursorShape {
  const sourceWidth = reply.readUInt16LE(12);
  const width = Math.min(sourceWidth, MAX_CURSOR_EDGE);
  const height = Math.min(reply.readUInt16LE(14), MAX_CURSOR_EDGE);
  const rgba = new Uint8Array(width * height * 4);
  let visible = false;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const source = 32 + 4 * (y * sourceWidth + x);
      const alpha = reply[source + 3] as number;
      if (alpha === 0) continue;
      visible = true;
      const target = 4 * (y * width + x);
      rgba[target] = straight(reply[source + 2] as number, alpha);
      rgba[target + 1] = straight(reply[source + 1] as number, alpha);
      rgba[target + 2] = straight(reply[source] as number, alpha);
      rgba[target + 3] = alpha;
    }
  }
  if (!visible) return HIDDEN;
  const hotspotX = Math.min(reply.readUInt16LE(16), width - 1);
  const hotspotY = Math.min(reply.readUInt16LE(18), height - 1);
  return { width, height, hotspotX, hotspotY, rgba };
}

function straight(premultiplied: number, alpha: number): number {
  return Math.min(255, Math.round((premultiplied * 255) / alpha));
}
