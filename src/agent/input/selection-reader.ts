import { type Closable, Emitter, type Event } from "../../base/index.ts";
import { MAX_TEXT_LENGTH } from "../../protocol/index.ts";
import { request, type X11Connection, type X11Event } from "../x11/index.ts";
import { PredefinedAtom, readProperty } from "./x-properties.ts";

/** How long the owner of a selection may take for each of its steps before it counts as dead. */
const OWNER_TIMEOUT_MS = 3000;

/** Three bytes of UTF-8 for a UTF-16 code unit at most, and a trailing zero that some programs add. */
const MAX_BYTES = MAX_TEXT_LENGTH * 3 + 1;

const SELECTION_NOTIFY = 31;
const PROPERTY_NOTIFY = 28;
const PROPERTY_NEW_VALUE = 0;

/** Each reading gets the next of these properties, so that a late answer to an abandoned one is not mistaken for it. */
const PROPERTY_COUNT = 8;

type Reading = {
  readonly property: number;
  readonly time: number;
  readonly targets: readonly number[];
  target: number;
  /** Parts of a text that comes in pieces (ICCCM's INCR); undefined until the owner says that it does. */
  parts: Buffer[] | undefined;
  bytes: number;
  timer: NodeJS.Timeout;
};

/** Reads a selection's text from the program that owns it; the newest reading ends any other. */
export class SelectionReader implements Closable {
  readonly #connection: X11Connection;
  readonly #window: number;
  readonly #selection: number;
  readonly #texts = new Emitter<string>();
  readonly #problems = new Emitter<string>();
  #reading: Reading | undefined;
  #count = 0;

  /** `window` must get PropertyChange events. */
  constructor(connection: X11Connection, window: number, selection: number) {
    this.#connection = connection;
    this.#window = window;
    this.#selection = selection;
  }

  get onText(): Event<string> {
    return this.#texts.event;
  }

  /** Why a text did not come, in a full sentence. */
  get onProblem(): Event<string> {
    return this.#problems.event;
  }

  /** Starts to read from the owner as of `time` (server time of its acquisition). */
  read(time: number): void {
    this.#end();
    this.#count = (this.#count + 1) % PROPERTY_COUNT;
    this.#reading = {
      property: this.#connection.atom(`_SIGHTLINE_CLIPBOARD_${this.#count}`),
      time,
      targets: [this.#connection.atom("UTF8_STRING"), PredefinedAtom.string],
      target: 0,
      parts: undefined,
      bytes: 0,
      timer: this.#startTimer(),
    };
    this.#convert(this.#reading);
  }

  /** Ends the reading, without a text. */
  cancel(): void {
    this.#end();
  }

  /** Takes the events of the connection. */
  handle({ code, bytes }: X11Event): void {
    const reading = this.#reading;
    if (reading === undefined || bytes.readUInt32LE(code === PROPERTY_NOTIFY ? 4 : 8) !== this.#window) return;
    if (code === SELECTION_NOTIFY && reading.parts === undefined) {
      const property = bytes.readUInt32LE(20);
      const refuses = property === 0 && bytes.readUInt32LE(16) === reading.targets[reading.target];
      if (refuses || property === reading.property) this.#onAnswer(reading, property);
    } else if (code === PROPERTY_NOTIFY && reading.parts !== undefined) {
      const isNew = bytes.readUInt8(16) === PROPERTY_NEW_VALUE;
      if (isNew && bytes.readUInt32LE(8) === reading.property) this.#onPart(reading, reading.parts);
    }
  }

  close(): void {
    this.#end();
    this.#texts.close();
    this.#problems.close();
  }

  #convert(reading: Reading): void {
    const target = reading.targets[reading.target] as number;
    this.#connection.send(
      request(24).u32(this.#window, this.#selection, target, reading.property, reading.time).bytes(),
    );
    this.#connection.flush();
  }

  #onAnswer(reading: Reading, property: number): void {
    this.#restartTimer(reading);
    if (property === 0) {
      // Not an error when no target is left: what was copied is no text.
      reading.target += 1;
      if (reading.target < reading.targets.length) this.#convert(reading);
      else this.#end();
      return;
    }
    const { type, data, bytesAfter } = this.#take(reading);
    if (type === this.#connection.atom("INCR")) reading.parts = [];
    else if (bytesAfter > 0) this.#refuse();
    else this.#finish(reading, data);
  }

  #onPart(reading: Reading, parts: Buffer[]): void {
    this.#restartTimer(reading);
    const { type, data, bytesAfter } = this.#take(reading);
    if (type === 0) return;
    reading.bytes += data.length;
    if (bytesAfter > 0 || reading.bytes > MAX_BYTES) this.#refuse();
    else if (data.length > 0) parts.push(data);
    else this.#finish(reading, Buffer.concat(parts));
  }

  #take(reading: Reading): ReturnType<typeof readProperty> {
    return readProperty(this.#connection, this.#window, reading.property, { maxBytes: MAX_BYTES, remove: true });
  }

  #finish(reading: Reading, data: Buffer): void {
    const end = data.at(-1) === 0 ? data.length - 1 : data.length;
    const isLatin1 = reading.targets[reading.target] === PredefinedAtom.string;
    const text = data.toString(isLatin1 ? "latin1" : "utf8", 0, end);
    this.#end();
    if (text.length > MAX_TEXT_LENGTH) this.#refuse();
    else if (text.length > 0) this.#texts.emit(text);
  }

  #refuse(): void {
    this.#end();
    this.#problems.emit(`A copied text is longer than ${MAX_TEXT_LENGTH} characters and was not passed on.`);
  }

  #startTimer(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#end();
      this.#problems.emit("A program that copied text does not hand it out.");
    }, OWNER_TIMEOUT_MS);
    return timer.unref();
  }

  #restartTimer(reading: Reading): void {
    clearTimeout(reading.timer);
    reading.timer = this.#startTimer();
  }

  #end(): void {
    clearTimeout(this.#reading?.timer);
    this.#reading = undefined;
  }
}
