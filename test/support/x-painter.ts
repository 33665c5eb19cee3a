import { request, X11Connection } from "../../src/agent/x11/index.ts";

/** A place on the painter's window. */
export type PainterRect = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/**
 * An X client that draws known pixels on a window over the whole screen. Every method returns when the server has done
 * it, except those that say otherwise.
 */
export class XPainter {
  readonly connection: X11Connection;
  readonly window: number;
  readonly width: number;
  readonly height: number;
  readonly #gc: number;

  constructor(display: string, size?: { width: number; height: number }) {
    this.connection = X11Connection.open(display);
    const { root, width, height } = this.connection.screen;
    this.width = size?.width ?? width;
    this.height = size?.height ?? height;
    this.window = this.connection.generateId();
    this.#gc = this.connection.generateId();
    const backgroundAndOverrideRedirect = (1 << 1) | (1 << 9);
    const create = request(1).u32(this.window, root).i16(0, 0).u16(this.width, this.height, 0, 1);
    this.connection.check(create.u32(0, backgroundAndOverrideRedirect, 0, 1).bytes());
    this.connection.check(request(8).u32(this.window).bytes());
    const noGraphicsExposures = 1 << 16;
    this.connection.check(request(55).u32(this.#gc, this.window, noGraphicsExposures, 0).bytes());
  }

  /** Fills a rectangle with 0xRRGGBB. */
  fill(rect: PainterRect, color: number): void {
    this.fillSoon(rect, color);
    this.connection.ask(request(43).bytes());
  }

  /** As `fill`, but only hands the order to the kernel: for measuring how long it takes to be seen. */
  fillSoon(rect: PainterRect, color: number): void {
    this.connection.send(
      request(56)
        .u32(this.#gc, 1 << 2, color)
        .bytes(),
    );
    const order = request(70).u32(this.window, this.#gc).i16(rect.x, rect.y).u16(rect.width, rect.height);
    this.connection.send(order.bytes());
    this.connection.flush();
  }

  /** Draws a picture of B G R X pixels, row by row. */
  putImage(rect: PainterRect, pixels: Uint8Array): void {
    const order = request(72, 2).u32(this.window, this.#gc).u16(rect.width, rect.height).i16(rect.x, rect.y);
    this.connection.check(order.u8(0, this.connection.screen.rootDepth).skip(2).raw(pixels).bytes());
  }

  /** Moves the pixels of `rect` by `dx`, `dy`, as a scrolling page does. */
  copy(rect: PainterRect, dx: number, dy: number): void {
    const order = request(62)
      .u32(this.window, this.window, this.#gc)
      .i16(rect.x, rect.y, rect.x + dx, rect.y + dy);
    this.connection.check(order.u16(rect.width, rect.height).bytes());
  }

  /** Gives the window a pointer: a filled rectangle of 0xRRGGBB with a hot spot. */
  setCursor(shape: { width: number; height: number; hotspotX: number; hotspotY: number; color: number }): void {
    const bitmap = this.connection.generateId();
    const bitmapGc = this.connection.generateId();
    const cursor = this.connection.generateId();
    this.connection.send(request(53, 1).u32(bitmap, this.window).u16(shape.width, shape.height).bytes());
    this.connection.send(
      request(55)
        .u32(bitmapGc, bitmap, 1 << 2, 1)
        .bytes(),
    );
    const area = request(70).u32(bitmap, bitmapGc).i16(0, 0).u16(shape.width, shape.height);
    this.connection.send(area.bytes());
    const channels = [16, 8, 0].map((shift) => ((shape.color >> shift) & 0xff) * 0x101);
    const create = request(93)
      .u32(cursor, bitmap, bitmap)
      .u16(...channels, 0, 0, 0, shape.hotspotX, shape.hotspotY);
    this.connection.send(create.bytes());
    this.connection.send(
      request(2)
        .u32(this.window, 1 << 14, cursor)
        .bytes(),
    );
    this.connection.send(request(54).u32(bitmap).bytes());
    this.connection.send(request(60).u32(bitmapGc).bytes());
    this.connection.check(request(95).u32(cursor).bytes());
  }

  /** Moves the pointer to a place of the window. */
  movePointer(x: number, y: number): void {
    this.connection.check(request(41).u32(0, this.window).i16(0, 0).u16(0, 0).i16(x, y).bytes());
  }

  close(): void {
    this.connection.close();
  }
}
