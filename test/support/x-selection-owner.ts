import { request, X11Connection, type X11Event } from "../../dist/agent/x11/index.js";

const PROPERTY_NOTIFY = 28;
const SELECTION_REQUEST = 30;
const SELECTION_NOTIFY = 31;
const PROPERTY_DELETED = 1;
const INPUT_ONLY = 2;
const EVENT_MASK_ATTRIBUTE = 0x800;
const PROPERTY_CHANGE = 0x400000;

/** Stops answering at this point, like a program that hangs. */
export const SILENCE = Symbol("silence");

/** An X program that owns the clipboard; `answer` is the text's bytes, or its pieces for one that comes in pieces. */
export type ClipboardAnswer = Uint8Array | ReadonlyArray<Uint8Array | typeof SILENCE> | typeof SILENCE;

/** Takes the clipboard of a display and answers every request for text. */
export function ownClipboard(display: string, answer: ClipboardAnswer): { close(): void } {
  const connection = X11Connection.open(display);
  const window = connection.generateId();
  const { root } = connection.screen;
  connection.check(request(1, 0).u32(window, root).i16(0, 0).u16(1, 1, 0, INPUT_ONLY).u32(0, 0).bytes());
  let put: (() => void) | undefined;
  connection.onEvent((event) => {
    if (event.code === PROPERTY_NOTIFY && event.bytes.readUInt8(16) === PROPERTY_DELETED) put?.();
    if (event.code === SELECTION_REQUEST && answer !== SILENCE) put = respond(connection, event, answer);
    connection.flush();
  });
  connection.check(request(22).u32(window, connection.atom("CLIPBOARD"), 0).bytes());
  return { close: () => connection.close() };
}

/** Returns what puts the next piece, for a text in pieces. */
function respond(
  connection: X11Connection,
  { bytes }: X11Event,
  answer: Exclude<ClipboardAnswer, symbol>,
): (() => void) | undefined {
  const [requestor, selection] = [bytes.readUInt32LE(12), bytes.readUInt32LE(16)];
  const [target, property] = [bytes.readUInt32LE(20), bytes.readUInt32LE(24)];
  const put = (type: number, format: number, data: Uint8Array): void => {
    const change = request(18).u32(requestor, property, type).u8(format).skip(3);
    connection.send(
      change
        .u32(data.length / (format / 8))
        .raw(data)
        .bytes(),
    );
  };
  const pieces = answer instanceof Uint8Array ? undefined : [...answer, new Uint8Array()];
  if (pieces === undefined) put(target, 8, answer as Uint8Array);
  else {
    connection.send(request(2).u32(requestor, EVENT_MASK_ATTRIBUTE, PROPERTY_CHANGE).bytes());
    put(connection.atom("INCR"), 32, new Uint8Array(4));
  }
  connection.send(
    request(25, 0)
      .u32(requestor, 0)
      .u8(SELECTION_NOTIFY, 0, 0, 0)
      .u32(bytes.readUInt32LE(4), requestor, selection, target, property)
      .skip(8)
      .bytes(),
  );
  return () => {
    if (pieces?.[0] === SILENCE) return;
    const piece = pieces?.shift();
    if (piece !== undefined && piece !== SILENCE) put(target, 8, piece);
  };
}

/** Asks for the clipboard `count` times at once and never fetches. Resolves with how many requests were granted. */
export async function requestWithoutFetching(display: string, count: number): Promise<number> {
  const connection = X11Connection.open(display);
  try {
    const window = connection.generateId();
    const { root } = connection.screen;
    connection.check(request(1, 0).u32(window, root).i16(0, 0).u16(1, 1, 0, INPUT_ONLY).u32(0, 0).bytes());
    const [selection, target] = [connection.atom("CLIPBOARD"), connection.atom("UTF8_STRING")];
    return await new Promise<number>((resolve) => {
      const granted: boolean[] = [];
      connection.onEvent(({ code, bytes }) => {
        if (code === SELECTION_NOTIFY) granted.push(bytes.readUInt32LE(20) !== 0);
        if (granted.length === count) resolve(granted.filter(Boolean).length);
      });
      for (let index = 0; index < count; index += 1) {
        connection.send(
          request(24)
            .u32(window, selection, target, connection.atom(`PASTE_${index}`), 0)
            .bytes(),
        );
      }
      connection.flush();
    });
  } finally {
    connection.close();
  }
}
