import koffi from "koffi";
import { type Closable, Emitter, EnvironmentError, type Event } from "../../base/index.ts";
import { type LibXcb, loadLibXcb, type Pointer } from "./libxcb.ts";
import { request } from "./request.ts";
import { X11RequestError } from "./request-error.ts";
import { parseSetup, type RootScreen, type Setup } from "./setup.ts";

/** An event of the server: its code (`code - extension.firstEvent` for an extension's) and its 32 bytes. */
export type X11Event = { readonly code: number; readonly bytes: Buffer };

/** Where an extension of the server lives. */
export type Extension = { readonly majorOpcode: number; readonly firstEvent: number; readonly firstError: number };

const CHECKED = 1;
const SCRATCH_BYTES = 4096;
/** Offsets in the native block: four I/O vectors (two of them spare), the request description, the request. */
const VECTOR_AT = 32;
const DESCRIPTION_AT = 64;
const REQUEST_AT = 96;

/**
 * A connection to an X server that belongs to one thread. Requests are bytes made with `request()`. Events wake the event
 * loop through the socket: nothing polls and no thread blocks, so `close` is immediate.
 */
export class X11Connection implements Closable {
  readonly display: string;
  readonly setup: Setup;
  /** The screen that the display name asks for. */
  readonly screen: RootScreen;
  readonly #events = new Emitter<X11Event>();
  readonly #errors = new Emitter<X11RequestError>();
  readonly #broken = new Emitter<EnvironmentError>();
  readonly #extensions = new Map<string, Extension | undefined>();
  readonly #atoms = new Map<string, number>();
  readonly #lib: LibXcb;
  readonly #connection: Pointer;
  readonly #block: Pointer;
  readonly #blockView: Buffer;
  readonly #errorSlot = new BigUint64Array(1);
  readonly #poll: ReturnType<typeof koffi.node.poll>;
  #drainScheduled = false;
  #brokenReported = false;
  #closed = false;

  /** Opens `display` (":0", "host:0.1"). Throws `EnvironmentError` that says what to do. */
  static open(display: string): X11Connection {
    return new X11Connection(display);
  }

  private constructor(display: string) {
    this.display = display;
    this.#lib = loadLibXcb();
    const screenNumber = new Int32Array(1);
    this.#connection = this.#lib.connect(display, screenNumber);
    if (this.#lib.hasError(this.#connection) !== 0) {
      this.#lib.disconnect(this.#connection);
      throw cannotOpen(display);
    }
    const setupAt = this.#lib.setup(this.#connection);
    this.setup = parseSetup(this.#read(setupAt, 8 + 4 * this.#read(setupAt, 8).readUInt16LE(6)));
    this.screen = this.setup.screens[screenNumber[0] ?? 0] as RootScreen;
    this.#block = this.#lib.malloc(REQUEST_AT + SCRATCH_BYTES);
    this.#blockView = Buffer.from(koffi.view(this.#block, DESCRIPTION_AT + 32));
    this.#blockView.fill(0);
    this.#poll = koffi.node.poll(this.#lib.fileDescriptor(this.#connection), { readable: true }, () =>
      this.#scheduleDrain(),
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Every event, in order. */
  get onEvent(): Event<X11Event> {
    return this.#events.event;
  }

  /** The server refused a request that was made with `send`. */
  get onError(): Event<X11RequestError> {
    return this.#errors.event;
  }

  /** The server went away; fires once. Requests made from then on throw or do nothing. */
  get onBroken(): Event<EnvironmentError> {
    return this.#broken.event;
  }

  /**
   * Queues a request that has no reply; it leaves with the next `flush`, `check` or `ask`. Returns its sequence number,
   * of which events carry the low 16 bits: an event with a lower one was sent before the server did this request.
   */
  send(bytes: Uint8Array): number {
    return this.#closed ? 0 : this.#submit(bytes, 0, true);
  }

  /** Makes a request that has no reply and waits until the server did it. Throws `X11RequestError` if it refused. */
  check(bytes: Uint8Array): void {
    this.#assertOpen();
    this.#awaitCheck(this.#submit(bytes, CHECKED, true));
  }

  /** As `check`, with a file descriptor that travels along; it is closed in this process whatever happens. */
  checkWithFd(bytes: Uint8Array, descriptor: number): void {
    this.#assertOpen();
    this.#awaitCheck(this.#submit(bytes, CHECKED, true, Int32Array.of(descriptor)));
  }

  #awaitCheck(sequence: number): void {
    const error = this.#lib.requestCheck(this.#connection, { sequence });
    this.#scheduleDrain();
    if (error) throw new X11RequestError(this.#take(error, 32));
    if (this.#lib.hasError(this.#connection) !== 0) throw this.#brokenError();
  }

  /** Makes a request and waits for its whole reply, header included. Throws `X11RequestError` if it was refused. */
  ask(bytes: Uint8Array): Buffer {
    this.#assertOpen();
    const reply = this.#awaitReply(this.#submit(bytes, CHECKED, false));
    const header = this.#read(reply, 8);
    return this.#take(reply, 32 + 4 * header.readUInt32LE(4));
  }

  /**
   * Makes several requests at once, waits for all replies, and copies what follows the 32-byte header of each straight
   * into its target, at most as much as fits. Throws what the first one that failed was refused with.
   */
  askAll(orders: readonly { readonly bytes: Uint8Array; readonly target?: Uint8Array }[]): void {
    this.#assertOpen();
    const sequences = orders.map(({ bytes }) => this.#submit(bytes, CHECKED, false));
    let failure: unknown;
    for (const [index, sequence] of sequences.entries()) {
      try {
        const reply = this.#awaitReply(sequence);
        const target = orders[index]?.target;
        if (target !== undefined) {
          const length = Math.min(target.length, 4 * this.#read(reply, 8).readUInt32LE(4));
          this.#lib.copyOut(target, reply + 32n, length);
        }
        this.#lib.free(reply);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  #awaitReply(sequence: number): Pointer {
    this.#errorSlot[0] = 0n;
    const reply = this.#lib.waitForReply(this.#connection, sequence, this.#errorSlot);
    // The reply may have brought events along, and then the socket will not wake the event loop for them.
    this.#scheduleDrain();
    if (reply) return reply;
    if (this.#errorSlot[0] !== 0n) throw new X11RequestError(this.#take(this.#errorSlot[0], 32));
    throw this.#brokenError();
  }

  flush(): void {
    if (!this.#closed) this.#lib.flush(this.#connection);
  }

  /** Hands out the events that have arrived by now, such as those before the reply that `ask` returned, without waiting for the event loop. */
  deliver(): void {
    this.#drain();
  }

  /** A new resource id for a window, pixmap, damage… */
  generateId(): number {
    this.#assertOpen();
    return this.#lib.generateId(this.#connection);
  }

  /** The number of `name`, made if it does not exist; asked for once. */
  atom(name: string): number {
    let atom = this.#atoms.get(name);
    if (atom === undefined) {
      const text = Buffer.from(name, "latin1");
      atom = this.ask(request(16).u16(text.length, 0).raw(text).bytes()).readUInt32LE(8);
      this.#atoms.set(name, atom);
    }
    return atom;
  }

  /** Where the extension lives, or undefined if the server lacks it. Its own version request is up to the caller. */
  extension(name: string): Extension | undefined {
    if (!this.#extensions.has(name)) {
      const reply = this.ask(request(98).u16(name.length, 0).latin1(name).bytes());
      const present = reply.readUInt8(8) !== 0;
      this.#extensions.set(
        name,
        present
          ? { majorOpcode: reply.readUInt8(9), firstEvent: reply.readUInt8(10), firstError: reply.readUInt8(11) }
          : undefined,
      );
    }
    return this.#extensions.get(name);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    this.#lib.disconnect(this.#connection);
    this.#lib.free(this.#block);
    this.#events.close();
    this.#errors.close();
    this.#broken.close();
  }

  #submit(bytes: Uint8Array, flags: number, isVoid: boolean, descriptors?: Int32Array): number {
    const large = bytes.length > SCRATCH_BYTES;
    const memory = large ? this.#lib.malloc(bytes.length) : this.#block + BigInt(REQUEST_AT);
    this.#lib.copyIn(memory, bytes, bytes.length);
    const view = this.#blockView;
    view.writeBigUInt64LE(memory, VECTOR_AT);
    view.writeBigUInt64LE(BigInt(bytes.length), VECTOR_AT + 8);
    view.writeBigUInt64LE(1n, DESCRIPTION_AT);
    // No extension record: the opcodes are in the bytes already.
    view.writeBigUInt64LE(0n, DESCRIPTION_AT + 8);
    view.writeUInt8(bytes[0] as number, DESCRIPTION_AT + 16);
    view.writeUInt8(isVoid ? 1 : 0, DESCRIPTION_AT + 17);
    const vector = this.#block + BigInt(VECTOR_AT);
    const description = this.#block + BigInt(DESCRIPTION_AT);
    const lib = this.#lib;
    const sequence = descriptors
      ? lib.sendRequestWithFds(this.#connection, flags, vector, description, descriptors.length, descriptors)
      : lib.sendRequest(this.#connection, flags, vector, description);
    if (large) this.#lib.free(memory);
    return sequence;
  }

  /** Runs as a turn of its own: koffi calls back outside of Node's bookkeeping of microtasks and uncaught errors. */
  #scheduleDrain(): void {
    if (this.#drainScheduled || this.#closed) return;
    this.#drainScheduled = true;
    setImmediate(() => {
      this.#drainScheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (!this.#closed) {
      const pointer = this.#lib.pollForEvent(this.#connection);
      if (!pointer) break;
      const bytes = this.#take(pointer, 32);
      if (bytes[0] === 0) this.#errors.emit(new X11RequestError(bytes));
      else this.#events.emit({ code: (bytes[0] as number) & 0x7f, bytes });
    }
    if (this.#closed || this.#brokenReported || this.#lib.hasError(this.#connection) === 0) return;
    this.#brokenReported = true;
    this.#poll.stop();
    this.#broken.emit(this.#brokenError());
  }

  #take(pointer: Pointer, length: number): Buffer {
    const bytes = this.#read(pointer, length);
    this.#lib.free(pointer);
    return bytes;
  }

  #read(pointer: Pointer, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    this.#lib.copyOut(bytes, pointer, length);
    return bytes;
  }

  #assertOpen(): void {
    if (this.#closed) throw new TypeError("This X11 connection was closed.");
  }

  #brokenError(): EnvironmentError {
    return new EnvironmentError(
      `The connection to the X display "${this.display}" broke.`,
      "Check that its X server runs.",
    );
  }
}

function cannotOpen(display: string): EnvironmentError {
  return new EnvironmentError(
    `The X display "${display}" cannot be opened.`,
    "Check that an X server runs there (echo $DISPLAY in a terminal on it), that XAUTHORITY names its cookie file, and that this user may use it.",
  );
}
