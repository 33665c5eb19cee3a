import { type Closable, Emitter, type Event } from "../../base/index.ts";
import { request, type X11Connection, type X11Event } from "../x11/index.ts";
import { PredefinedAtom, words, writeProperty } from "./x-properties.ts";

/** Programs that can fetch a large text at the same time; more are refused until one has it. */
const MAX_TRANSFERS = 16;

/** How long a program may take to fetch the next piece of a large text. */
const REQUESTOR_TIMEOUT_MS = 5000;

/** Larger texts go in pieces of this size (ICCCM's INCR), so that no single request holds up the server. */
const PIECE_BYTES = 64 * 1024;

const SELECTION_REQUEST = 30;
const SELECTION_NOTIFY = 31;
const PROPERTY_NOTIFY = 28;
const PROPERTY_DELETED = 1;
const PROPERTY_CHANGE_MASK = 0x400000;
const EVENT_MASK_ATTRIBUTE = 0x800;

/** The text that is offered and when (server time) it was. */
export type Offer = { readonly text: string; readonly timestamp: number };

type Transfer = {
  readonly requestor: number;
  readonly property: number;
  readonly type: number;
  readonly data: Buffer;
  sent: number;
  timer: NodeJS.Timeout;
};

/** Hands the offered text out to the programs that ask for it. */
export class SelectionServer implements Closable {
  readonly #connection: X11Connection;
  readonly #transfers: Transfer[] = [];
  readonly #problems = new Emitter<string>();
  #refused = 0;
  /** What is offered; undefined while another program owns the selection. Transfers that run keep their text. */
  offer: Offer | undefined;

  constructor(connection: X11Connection) {
    this.#connection = connection;
  }

  /** A program did not get the text, in a full sentence. */
  get onProblem(): Event<string> {
    return this.#problems.event;
  }

  /** Takes the events of the connection. */
  handle({ code, bytes }: X11Event): void {
    if (code === SELECTION_REQUEST) this.#onRequest(bytes);
    else if (code === PROPERTY_NOTIFY && bytes.readUInt8(16) === PROPERTY_DELETED) {
      this.#onFetched(bytes.readUInt32LE(4), bytes.readUInt32LE(8));
    }
  }

  close(): void {
    for (const transfer of this.#transfers) clearTimeout(transfer.timer);
    this.#transfers.length = 0;
    this.#problems.close();
  }

  #onRequest(bytes: Buffer): void {
    const time = bytes.readUInt32LE(4);
    const requestor = bytes.readUInt32LE(12);
    const selection = bytes.readUInt32LE(16);
    const target = bytes.readUInt32LE(20);
    // A property of 0 comes from programs older than ICCCM, which mean the target's name.
    const property = bytes.readUInt32LE(24) || target;
    const answered = this.offer !== undefined && this.#answer(this.offer, requestor, property, target);
    this.#connection.send(
      request(25, 0)
        .u32(requestor, 0)
        .u8(SELECTION_NOTIFY, 0, 0, 0)
        .u32(time, requestor, selection, target, answered ? property : 0)
        .skip(8)
        .bytes(),
    );
    this.#connection.flush();
  }

  /** Puts what is asked for into the requestor's property. Returns whether that can be had. */
  #answer(offer: Offer, requestor: number, property: number, target: number): boolean {
    const atom = (name: string): number => this.#connection.atom(name);
    const put = (type: number, format: number, data: Uint8Array): boolean => {
      this.#connection.send(writeProperty(requestor, property, type, format, data));
      return true;
    };
    const utf8Targets = [atom("UTF8_STRING"), atom("text/plain;charset=utf-8"), atom("TEXT")];
    const isLatin1 = isLatin1Text(offer.text);
    if (target === atom("TARGETS")) {
      const latin1Targets = isLatin1 ? [PredefinedAtom.string] : [];
      const targets = [atom("TARGETS"), atom("TIMESTAMP"), ...utf8Targets, ...latin1Targets];
      return put(PredefinedAtom.atom, 32, words(...targets));
    }
    if (target === atom("TIMESTAMP")) return put(PredefinedAtom.integer, 32, words(offer.timestamp));
    const latin1 = target === PredefinedAtom.string && isLatin1;
    if (!latin1 && !utf8Targets.includes(target)) return false;
    const type = target === atom("TEXT") ? atom("UTF8_STRING") : target;
    const data = Buffer.from(offer.text, latin1 ? "latin1" : "utf8");
    return data.length > PIECE_BYTES ? this.#start(requestor, property, type, data) : put(type, 8, data);
  }

  #start(requestor: number, property: number, type: number, data: Buffer): boolean {
    if (this.#transfers.length >= MAX_TRANSFERS) {
      this.#refused += 1;
      this.#problems.emit(
        `A program could not paste, because ${MAX_TRANSFERS} others are at it (${this.#refused} refused so far).`,
      );
      return false;
    }
    const transfer = { requestor, property, type, data, sent: 0, timer: this.#timer(requestor, property) };
    this.#transfers.push(transfer);
    this.#watch(requestor, true);
    this.#connection.send(writeProperty(requestor, property, this.#connection.atom("INCR"), 32, words(data.length)));
    return true;
  }

  /** The requestor took the last piece; an empty one ends the transfer. */
  #onFetched(requestor: number, property: number): void {
    const transfer = this.#find(requestor, property);
    if (transfer === undefined) return;
    clearTimeout(transfer.timer);
    const piece = transfer.data.subarray(transfer.sent, transfer.sent + PIECE_BYTES);
    transfer.sent += piece.length;
    this.#connection.send(writeProperty(requestor, property, transfer.type, 8, piece));
    if (piece.length === 0) this.#end(transfer);
    else transfer.timer = this.#timer(requestor, property);
    this.#connection.flush();
  }

  #find(requestor: number, property: number): Transfer | undefined {
    return this.#transfers.find((transfer) => transfer.requestor === requestor && transfer.property === property);
  }

  #timer(requestor: number, property: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const transfer = this.#find(requestor, property);
      if (transfer !== undefined) this.#end(transfer);
    }, REQUESTOR_TIMEOUT_MS);
    return timer.unref();
  }

  #end(transfer: Transfer): void {
    this.#transfers.splice(this.#transfers.indexOf(transfer), 1);
    if (!this.#transfers.some(({ requestor }) => requestor === transfer.requestor)) {
      this.#watch(transfer.requestor, false);
    }
  }

  /** Asks for the events of the requestor's properties. Its window may be gone; the server's error is ignored. */
  #watch(requestor: number, watched: boolean): void {
    const mask = watched ? PROPERTY_CHANGE_MASK : 0;
    this.#connection.send(request(2).u32(requestor, EVENT_MASK_ATTRIBUTE, mask).bytes());
  }
}

function isLatin1Text(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}
