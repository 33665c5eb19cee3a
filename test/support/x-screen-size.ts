import { request, type X11Connection } from "../../src/agent/x11/index.ts";

const GET_SCREEN_INFO = 5;
const QUERY_VERSION = 0;
const SET_SCREEN_CONFIG = 2;
const ROTATE_NONE = 1;
const REPLY_HEADER_BYTES = 32;
const SIZE_BYTES = 8;
const MOST_PIXELS = 1024 * 768;

/** The numbers of the display's sizes that are small, as RandR 1.1 counts them. To be asked for before they are set. */
export function smallScreenSizes(connection: X11Connection): number[] {
  // A client that does not say that it knows 1.1 is taken for one of 1.0, whose requests are shorter.
  connection.ask(request(randr(connection), QUERY_VERSION).u32(1, 1).bytes());
  const info = screenInfo(connection);
  const count = info.readUInt16LE(20);
  return Array.from({ length: count }, (_, index) => index).filter((index) => {
    const at = REPLY_HEADER_BYTES + index * SIZE_BYTES;
    return info.readUInt16LE(at) * info.readUInt16LE(at + 2) <= MOST_PIXELS;
  });
}

/** Gives the display one of its sizes. */
export function setScreenSize(connection: X11Connection, size: number): void {
  const info = screenInfo(connection);
  const [timestamp, configTimestamp] = [info.readUInt32LE(12), info.readUInt32LE(16)];
  const order = request(randr(connection), SET_SCREEN_CONFIG).u32(connection.screen.root, timestamp, configTimestamp);
  connection.ask(order.u16(size, ROTATE_NONE, 0).skip(2).bytes());
}

function screenInfo(connection: X11Connection): Buffer {
  return connection.ask(request(randr(connection), GET_SCREEN_INFO).u32(connection.screen.root).bytes());
}

function randr(connection: X11Connection): number {
  const extension = connection.extension("RANDR");
  if (extension === undefined) throw new Error("The display has no RandR.");
  return extension.majorOpcode;
}
