import { type Closable, EnvironmentError, type Rect } from "../../base/index.ts";
import { request, type X11Connection } from "../x11/index.ts";
import type { PixelBuffer } from "./capturer.ts";
import { SharedMemory } from "./shared-memory.ts";

const Z_PIXMAP = 2;
const ALL_PLANES = 0xffffffff;

/** Reads rows of one area of the root window into a kept picture, each row to its own place. */
export type X11Pixels = Closable & {
  readonly buffer: PixelBuffer;
  /** Refreshes `height` rows from `y` on, in rows of the area. Throws `X11RequestError` or `EnvironmentError`. */
  readRows(y: number, height: number): void;
};

/** The server copies the rows into memory that it shares with this process; the requests only carry the order to do it. */
export function openShmPixels(connection: X11Connection, area: Rect): X11Pixels {
  assertPixelLayout(connection);
  const shm = connection.extension("MIT-SHM");
  if (shm === undefined) throw noSharedMemory(connection, "it lacks the extension MIT-SHM");
  const version = connection.ask(request(shm.majorOpcode, 0).bytes());
  const [major, minor] = [version.readUInt16LE(8), version.readUInt16LE(10)];
  if (major * 100 + minor < 102) throw noSharedMemory(connection, `its MIT-SHM is version ${major}.${minor}, not 1.2`);
  const strideBytes = area.width * 4;
  const memory = new SharedMemory(strideBytes * area.height);
  const segment = connection.generateId();
  try {
    const attach = request(shm.majorOpcode, 6).u32(segment).u8(0).skip(3).bytes();
    connection.checkWithFd(attach, memory.takeDescriptor());
  } catch (cause) {
    memory.close();
    throw noSharedMemory(connection, "it cannot map memory of this process", cause);
  }
  return {
    buffer: { pixels: memory.bytes, strideBytes, width: area.width, height: area.height },
    readRows(y, height) {
      const order = request(shm.majorOpcode, 4)
        .u32(connection.screen.root)
        .i16(area.x, area.y + y);
      order
        .u16(area.width, height)
        .u32(ALL_PLANES)
        .u8(Z_PIXMAP)
        .skip(3)
        .u32(segment, y * strideBytes);
      connection.ask(order.bytes());
    },
    close() {
      connection.send(request(shm.majorOpcode, 2).u32(segment).bytes());
      connection.flush();
      memory.close();
    },
  };
}

/** The server sends the rows through the connection: for displays of other machines. */
export function openGetImagePixels(connection: X11Connection, area: Rect): X11Pixels {
  assertPixelLayout(connection);
  const strideBytes = area.width * 4;
  const pixels = new Uint8Array(strideBytes * area.height);
  return {
    buffer: { pixels, strideBytes, width: area.width, height: area.height },
    readRows(y, height) {
      const order = request(73, Z_PIXMAP)
        .u32(connection.screen.root)
        .i16(area.x, area.y + y);
      order.u16(area.width, height).u32(ALL_PLANES);
      connection.askInto(order.bytes(), pixels.subarray(y * strideBytes, (y + height) * strideBytes));
    },
    close() {},
  };
}

/** Throws `EnvironmentError` unless the root window's pixels are four bytes B G R X. */
function assertPixelLayout(connection: X11Connection): void {
  const { setup, screen } = connection;
  const format = setup.formats.find((candidate) => candidate.depth === screen.rootDepth);
  const visual = screen.visuals.find((candidate) => candidate.id === screen.rootVisual);
  const layout =
    format?.bitsPerPixel === 32 &&
    setup.imageByteOrder === "little" &&
    visual?.redMask === 0xff0000 &&
    visual.greenMask === 0xff00 &&
    visual.blueMask === 0xff;
  if (layout) return;
  throw new EnvironmentError(
    `The X display "${connection.display}" has depth ${screen.rootDepth} with ${format?.bitsPerPixel ?? "unknown"} bits a pixel, and its pixels are not B G R X.`,
    "Start the X server with depth 24 (Xvfb -screen 0 1920x1080x24, DefaultDepth 24 in xorg.conf).",
  );
}

function noSharedMemory(connection: X11Connection, why: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError(
    `The X server of "${connection.display}" cannot share memory: ${why}.`,
    "Run the agent on the machine of the X server and connect through its local socket.",
    { cause },
  );
}
