import { Emitter, EnvironmentError, type Event, Scope } from "../../base/index.ts";
import { MAX_TEXT_LENGTH } from "../../protocol/index.ts";
import { request, X11Connection, type X11Event } from "../x11/index.ts";
import type { Clipboard } from "./injector.ts";
import { SelectionReader } from "./selection-reader.ts";
import { SelectionServer } from "./selection-server.ts";

const SELECTION_CLEAR = 29;
const INPUT_ONLY = 2;
const EVENT_MASK_ATTRIBUTE = 0x800;
const PROPERTY_CHANGE_MASK = 0x400000;
/** XFIXES: the owner was set, its window was destroyed, its program ended. */
const ALL_OWNER_CHANGES = 0b111;
const CURRENT_TIME = 0;

/** The CLIPBOARD selection of an X display, on a connection and with a window of its own. It waits for events only. */
export class X11Clipboard implements Clipboard {
  readonly #scope = new Scope();
  readonly #connection: X11Connection;
  readonly #window: number;
  readonly #selection: number;
  readonly #ownerChange: number;
  readonly #reader: SelectionReader;
  readonly #server: SelectionServer;
  readonly #texts: Emitter<string>;
  readonly #notices: Emitter<string>;
  /** What `write` put there last. */
  #written = "";
  /** Whether no other text was copied since. */
  #isWrittenLatest = false;

  /** Throws `EnvironmentError` where the display cannot be opened or lacks XFIXES. */
  constructor(display: string) {
    this.#texts = this.#scope.add(new Emitter<string>());
    this.#notices = this.#scope.add(new Emitter<string>());
    this.#connection = this.#scope.add(X11Connection.open(display));
    try {
      this.#window = openWindow(this.#connection);
      this.#selection = this.#connection.atom("CLIPBOARD");
      this.#ownerChange = watchOwner(this.#connection, this.#window, this.#selection);
    } catch (error) {
      this.#scope.close();
      throw error;
    }
    this.#reader = this.#scope.add(new SelectionReader(this.#connection, this.#window, this.#selection));
    this.#server = this.#scope.add(new SelectionServer(this.#connection));
    this.#reader.onText((text) => this.#onRead(text));
    this.#reader.onProblem((text) => this.#notices.emit(text));
    this.#server.onProblem((text) => this.#notices.emit(text));
    this.#connection.onEvent((event) => this.#onEvent(event));
    this.#connection.onBroken((error) => this.#notices.emit(`The clipboard is no longer there: ${error.message}`));
  }

  get onText(): Event<string> {
    return this.#texts.event;
  }

  get onNotice(): Event<string> {
    return this.#notices.event;
  }

  write(text: string): void {
    if (this.#scope.closed) return;
    if (text.length > MAX_TEXT_LENGTH) {
      this.#notices.emit(
        `A text of ${text.length} characters was not put on the clipboard; the limit is ${MAX_TEXT_LENGTH}.`,
      );
      return;
    }
    this.#reader.cancel();
    this.#written = text;
    this.#isWrittenLatest = true;
    this.#server.offer = { text, timestamp: CURRENT_TIME };
    this.#connection.send(request(22).u32(this.#window, this.#selection, CURRENT_TIME).bytes());
    this.#connection.flush();
  }

  close(): void {
    this.#scope.close();
  }

  #onEvent(event: X11Event): void {
    try {
      if (event.code === this.#ownerChange) this.#onOwnerChange(event.bytes);
      else if (event.code === SELECTION_CLEAR) this.#server.offer = undefined;
      else {
        this.#reader.handle(event);
        this.#server.handle(event);
      }
    } catch (error) {
      // The display went away in the middle; `onBroken` tells it.
      if (!(error instanceof EnvironmentError)) throw error;
    }
  }

  #onOwnerChange(bytes: Buffer): void {
    const owner = bytes.readUInt32LE(8);
    const acquired = bytes.readUInt32LE(20);
    // Set anew, because an older event of another owner may have arrived after `write`.
    this.#server.offer = owner === this.#window ? { text: this.#written, timestamp: acquired } : undefined;
    if (owner !== 0 && owner !== this.#window) this.#reader.read(acquired);
    else this.#reader.cancel();
  }

  #onRead(text: string): void {
    // A clipboard manager that keeps what was written takes the selection over with the very same text.
    if (this.#isWrittenLatest && text === this.#written) return;
    this.#isWrittenLatest = false;
    this.#texts.emit(text);
  }
}

/** A window that is never shown: owner of the selection, and holder of the properties that texts come in. */
function openWindow(connection: X11Connection): number {
  const window = connection.generateId();
  connection.check(
    request(1, 0)
      .u32(window, connection.screen.root)
      .i16(-1, -1)
      .u16(1, 1, 0, INPUT_ONLY)
      .u32(0, EVENT_MASK_ATTRIBUTE, PROPERTY_CHANGE_MASK)
      .bytes(),
  );
  return window;
}

/** Asks XFIXES to tell when the selection gets another owner. Returns the code of that event. */
function watchOwner(connection: X11Connection, window: number, selection: number): number {
  const extension = connection.extension("XFIXES");
  if (extension === undefined) {
    throw new EnvironmentError(
      `The X display "${connection.display}" has no XFIXES extension, so its clipboard cannot be followed.`,
      "Use an X server from the last twenty years, or exchange text in another way.",
    );
  }
  connection.ask(request(extension.majorOpcode, 0).u32(2, 0).bytes());
  connection.check(request(extension.majorOpcode, 2).u32(window, selection, ALL_OWNER_CHANGES).bytes());
  return extension.firstEvent;
}
