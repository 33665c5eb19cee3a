import { type Closable, Emitter, EnvironmentError, type Event, type Rect } from "../../base/index.ts";
import { request, type X11Connection } from "../x11/index.ts";

const LEVEL_BOUNDING_BOX = 2;
/** A region of more rectangles than this is taken as its bounding box: merging them would cost more than it saves. */
const MAX_REGION_RECTS = 512;

/**
 * The server's record of what was drawn on the root window. The server reports when the bounding box of the record grows,
 * and says no more about drawing inside of it until the record is taken: a busy screen costs a few events a grab.
 */
export class X11Damage implements Closable {
  readonly #connection: X11Connection;
  readonly #damages = new Emitter<Rect>();
  readonly #damageOpcode: number;
  readonly #fixesOpcode: number;
  readonly #damage: number;
  readonly #region: number;
  readonly #takeRequest: Buffer;
  readonly #fetchRequest: Buffer;
  readonly #unsubscribe: () => void;
  #takenSequence = 0;

  /** Throws `EnvironmentError` when the server lacks DAMAGE or XFIXES. */
  constructor(connection: X11Connection) {
    const damage = connection.extension("DAMAGE");
    const fixes = connection.extension("XFIXES");
    if (damage === undefined || fixes === undefined) {
      throw new EnvironmentError(
        `The X server of "${connection.display}" does not report changes: it lacks the extension ${damage ? "XFIXES" : "DAMAGE"}.`,
        "Use an X server with both (any Xorg, Xvfb or Xvnc of the last ten years).",
      );
    }
    this.#connection = connection;
    this.#damageOpcode = damage.majorOpcode;
    this.#fixesOpcode = fixes.majorOpcode;
    connection.ask(request(damage.majorOpcode, 0).u32(1, 1).bytes());
    connection.ask(request(fixes.majorOpcode, 0).u32(5, 0).bytes());
    this.#damage = connection.generateId();
    this.#region = connection.generateId();
    connection.check(request(fixes.majorOpcode, 5).u32(this.#region).bytes());
    const create = request(damage.majorOpcode, 1).u32(this.#damage, connection.screen.root).u8(LEVEL_BOUNDING_BOX);
    connection.check(create.skip(3).bytes());
    this.#takeRequest = request(damage.majorOpcode, 3).u32(this.#damage, 0, this.#region).bytes();
    this.#fetchRequest = request(fixes.majorOpcode, 19).u32(this.#region).bytes();
    this.#unsubscribe = connection.onEvent(({ code, bytes }) => {
      if (code !== damage.firstEvent) return;
      // Sent before the server did the last `take`, which has brought this change already.
      const isStale = ((bytes.readUInt16LE(2) - this.#takenSequence) & 0xffff) >= 0x8000;
      if (!isStale) this.#damages.emit(readRect(bytes, 16));
    });
  }

  /** Something was drawn: the bounding box, in pixels of the root window, of everything since the last `take`. */
  get onDamage(): Event<Rect> {
    return this.#damages.event;
  }

  /** Empties the record and returns what it held, in pixels of the root window. Take first, then read the pixels. */
  take(): Rect[] {
    this.#takenSequence = this.#connection.send(this.#takeRequest);
    const reply = this.#connection.ask(this.#fetchRequest);
    const count = reply.readUInt32LE(4) / 2;
    if (count > MAX_REGION_RECTS) return [readRect(reply, 8)];
    return Array.from({ length: count }, (_, index) => readRect(reply, 32 + 8 * index));
  }

  close(): void {
    this.#unsubscribe();
    this.#damages.close();
    this.#connection.send(request(this.#damageOpcode, 2).u32(this.#damage).bytes());
    this.#connection.send(request(this.#fixesOpcode, 10).u32(this.#region).bytes());
    this.#connection.flush();
  }
}

/** A RECTANGLE of the X protocol. */
function readRect(bytes: Buffer, at: number): Rect {
  return {
    x: bytes.readInt16LE(at),
    y: bytes.readInt16LE(at + 2),
    width: bytes.readUInt16LE(at + 4),
    height: bytes.readUInt16LE(at + 6),
  };
}
