import { type Closable, EnvironmentError, type Rect } from "../../base/index.ts";
import { request, type X11Connection } from "../x11/index.ts";
import type { PixelBuffer } from "./capturer.ts";
import { rowBands } from "./row-bands.ts";
import { SharedMemory } from "./shared-memory.ts";

const Z_PIXMAP = 2;
const ALL_PLANES = 0xffffffff;

/** One request more costs the server about as much as this many rows of a picture. */
const MAX_BAND_GAP_ROWS = 64;

/** Reads parts of one area of the root window into a kept picture, each pixel to its own place. */
export type X11Pixels = Closable & {
  readonly buffer: PixelBuffer;
  /**
   * Refreshes at least the pixels of `rects`, which are in pixels of the area. Throws `X11RequestError` or
   * `EnvironmentError`.
   */
  read(rects: readonly Rect[]): void;
};

/**
 * The server copies the pixels into memory that it shares with this process. It is asked for whole rows, for those lie
 * in the shared memory as they do in the picture: nothing has to be moved afterwards.
 */
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
    read(rects) {
      const orders = rowBands(rects, MAX_BAND_GAP_ROWS).map(({ y, height }) => {
        const order = request(shm.majorOpcode, 4)
          .u32(connection.screen.root)
          .i16(area.x, area.y + y);
        order
          .u16(area.width, height)
          .u32(ALL_PLANES)
          .u8(Z_PIXMAP)
          .skip(3)
          .u32(segment, y * strideBytes);
        return { bytes: order.bytes() };
      });
      connection.askAll(orders);
    },
    close() {
      connection.send(request(shm.majorOpcode, 2).u32(segment).bytes());
      connection.flush();
      memory.close();
    },
  };
}

/**
 * The server sends the pixels through the connection: for displays of other machines. It is asked for no more than the
 * rectangles, for here bytes cost more than moving them to their rows.
 */
export function openGetImagePixels(connection: X11Connection, area: Rect): X11Pixels {
  assertPixelLayout(connection);
  const strideBytes = area.width * 4;
  const pixels = new Uint8Array(strideBytes * area.height);
  return {
    buffer: { pixels, strideBytes, width: area.width, height: area.height },
    read(rects) {
      const orders = rects.map((rect) => {
        const order = request(73, Z_PIXMAP)
          .u32(connection.screen.root)
          .i16(area.x + rect.x, area.y + rect.y);
        order.u16(rect.width, rect.height).u32(ALL_PLANES);
        const inPlace = rect.width === area.width;
        const start = rect.y * strideBytes;
        const target = inPlace
          ? pixels.subarray(start, start + rect.height * strideBytes)
          : new Uint8Array(rect.width * rect.height * 4);
        return { bytes: order.bytes(), target, rect, inPlace };
      });
      connection.askAll(orders);
      for (const { target, rect, inPlace } of orders) if (!inPlace) placeRows(target, rect, pixels, strideBytes);
    },
    close() {},
  };
}

function placeRows(source: Uint8Array, rect: Rect, pixels: Uint8Array, strideBytes: number): void {
  const rowBytes = rect.width * 4;
  for (let row = 0; row < rect.height; row += 1) {
    const bytes = source.subarray(row * rowBytes, (row + 1) * rowBytes);
    pixels.set(bytes, (rect.y + row) * strideBytes + rect.x * 4);
  }
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
