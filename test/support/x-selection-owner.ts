import { request, X11Connection } from "../../dist/agent/x11/index.js";

const SELECTION_REQUEST = 30;
const SELECTION_NOTIFY = 31;

/** An X program that owns the clipboard and answers with what `data` gives: bytes, or nothing to never answer at all. */
export function ownClipboard(display: string, data: () => Uint8Array | undefined): { close(): void } {
  const connection = X11Connection.open(display);
  const window = connection.generateId();
  connection.check(request(1, 0).u32(window, connection.screen.root).i16(0, 0).u16(1, 1, 0, 2).u32(0, 0).bytes());
  connection.onEvent(({ code, bytes }) => {
    const answer = code === SELECTION_REQUEST ? data() : undefined;
    if (answer === undefined) return;
    const requestor = bytes.readUInt32LE(12);
    const property = bytes.readUInt32LE(24);
    const [selection, target] = [bytes.readUInt32LE(16), bytes.readUInt32LE(20)];
    connection.send(request(18).u32(requestor, property, target).u8(8).skip(3).u32(answer.length).raw(answer).bytes());
    connection.send(
      request(25, 0)
        .u32(requestor, 0)
        .u8(SELECTION_NOTIFY, 0, 0, 0)
        .u32(bytes.readUInt32LE(4), requestor, selection, target, property)
        .skip(8)
        .bytes(),
    );
    connection.flush();
  });
  connection.check(request(22).u32(window, connection.atom("CLIPBOARD"), 0).bytes());
  return { close: () => connection.close() };
}
