import { type Closable, Emitter, type Event, intersect } from "../../base/index.ts";
import { request, type X11Connection } from "../x11/index.ts";
import type { Monitor } from "./capturer.ts";

const STRUCTURE_NOTIFY = 1 << 17;
const CONFIGURE_NOTIFY = 22;
const RANDR_SCREEN_CRTC_AND_OUTPUT_CHANGES = 7;

/** The monitors of a display and their changes: plugged in or out, moved, resized. Without RandR: the whole screen. */
export class X11Monitors implements Closable {
  readonly #connection: X11Connection;
  readonly #changes = new Emitter<readonly Monitor[]>();
  readonly #randrOpcode: number | undefined;
  readonly #unsubscribe: () => void;
  #monitors: readonly Monitor[];
  #update: NodeJS.Immediate | undefined;

  /** Sets the connection's event mask of the root window, so there can be one per connection. */
  constructor(connection: X11Connection) {
    this.#connection = connection;
    const randr = connection.extension("RANDR");
    const { root } = connection.screen;
    if (randr !== undefined && hasMonitors(connection, randr.majorOpcode)) {
      this.#randrOpcode = randr.majorOpcode;
      const mask = RANDR_SCREEN_CRTC_AND_OUTPUT_CHANGES;
      connection.check(request(randr.majorOpcode, 4).u32(root).u16(mask).skip(2).bytes());
    }
    connection.check(
      request(2)
        .u32(root, 1 << 11, STRUCTURE_NOTIFY)
        .bytes(),
    );
    this.#unsubscribe = connection.onEvent(({ code }) => {
      const changed = code === CONFIGURE_NOTIFY || code === randr?.firstEvent || code === (randr?.firstEvent ?? 0) + 1;
      // One change of a display comes as many events, so they are answered together.
      if (changed) this.#update ??= setImmediate(() => this.refresh());
    });
    this.#monitors = this.#list();
  }

  get monitors(): readonly Monitor[] {
    return this.#monitors;
  }

  get onMonitors(): Event<readonly Monitor[]> {
    return this.#changes.event;
  }

  /** Asks the server now, without waiting for its events. */
  refresh(): void {
    clearImmediate(this.#update);
    this.#update = undefined;
    if (this.#connection.closed) return;
    let monitors: readonly Monitor[];
    try {
      monitors = this.#list();
    } catch {
      // The connection broke and says so itself.
      return;
    }
    if (JSON.stringify(monitors) === JSON.stringify(this.#monitors)) return;
    this.#monitors = monitors;
    this.#changes.emit(monitors);
  }

  close(): void {
    clearImmediate(this.#update);
    this.#unsubscribe();
    this.#changes.close();
  }

  #list(): Monitor[] {
    const geometry = this.#connection.ask(request(14).u32(this.#connection.screen.root).bytes());
    const screen = { x: 0, y: 0, width: geometry.readUInt16LE(16), height: geometry.readUInt16LE(18) };
    const monitors = this.#randrOpcode === undefined ? [] : this.#listRandr(this.#randrOpcode);
    const visible = monitors.flatMap((monitor) => {
      const clipped = intersect(monitor, screen);
      return clipped === undefined ? [] : [{ ...monitor, ...clipped }];
    });
    return visible.length > 0 ? visible : [{ key: "screen", name: "Screen", ...screen, primary: true }];
  }

  #listRandr(opcode: number): Monitor[] {
    const reply = this.#connection.ask(request(opcode, 42).u32(this.#connection.screen.root).u8(1).skip(3).bytes());
    const monitors: Monitor[] = [];
    let at = 32;
    for (let count = reply.readUInt32LE(12); count > 0; count -= 1) {
      const name = this.#atomName(reply.readUInt32LE(at));
      monitors.push({
        key: name,
        name,
        x: reply.readInt16LE(at + 8),
        y: reply.readInt16LE(at + 10),
        width: reply.readUInt16LE(at + 12),
        height: reply.readUInt16LE(at + 14),
        primary: reply.readUInt8(at + 4) !== 0,
      });
      at += 24 + 4 * reply.readUInt16LE(at + 6);
    }
    return monitors;
  }

  #atomName(atom: number): string {
    const reply = this.#connection.ask(request(17).u32(atom).bytes());
    return reply.toString("utf8", 32, 32 + reply.readUInt16LE(8));
  }
}

/** RandR has monitors since version 1.5. */
function hasMonitors(connection: X11Connection, opcode: number): boolean {
  const version = connection.ask(request(opcode, 0).u32(1, 5).bytes());
  return version.readUInt32LE(8) > 1 || version.readUInt32LE(12) >= 5;
}
