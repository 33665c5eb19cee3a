import { request } from "../../src/agent/x11/index.ts";
import type { XPainter } from "./x-painter.ts";

const BAND_ROWS = 64;
const CREATE_PIXMAP = 53;
const FREE_PIXMAP = 54;
const CREATE_GC = 55;
const COPY_AREA = 62;
const PUT_IMAGE = 72;
const Z_PIXMAP = 2;
const MARGIN = 240;

/**
 * Plays motion over a painter's whole window: at each step another part of a large soft picture with a little noise, so
 * that neither copies nor small tiles can show it. The server does the work.
 */
export class FilmPainter {
  readonly #painter: XPainter;
  readonly #film: number;
  readonly #gc: number;
  #timer: NodeJS.Timeout | undefined;
  #step = 0;

  constructor(painter: XPainter) {
    this.#painter = painter;
    const { connection, window } = painter;
    const [width, height] = [painter.width + MARGIN, painter.height + MARGIN];
    this.#film = connection.generateId();
    this.#gc = connection.generateId();
    const depth = connection.screen.rootDepth;
    connection.check(request(CREATE_PIXMAP, depth).u32(this.#film, window).u16(width, height).bytes());
    const noGraphicsExposures = 1 << 16;
    connection.check(request(CREATE_GC).u32(this.#gc, window, noGraphicsExposures, 0).bytes());
    for (let top = 0; top < height; top += BAND_ROWS) {
      const rows = Math.min(BAND_ROWS, height - top);
      const order = request(PUT_IMAGE, Z_PIXMAP).u32(this.#film, this.#gc).u16(width, rows).i16(0, top);
      connection.check(
        order
          .u8(0, depth)
          .skip(2)
          .raw(filmRows(width, top, rows))
          .bytes(),
      );
    }
  }

  /** Pictures painted so far. */
  get steps(): number {
    return this.#step;
  }

  /** Plays until `stop`, so many pictures a second; one that is late is left out. */
  play(perSecond = 60): void {
    const intervalMs = 1000 / perSecond;
    let dueMs = performance.now();
    const next = (): void => {
      this.paint();
      dueMs = Math.max(dueMs + intervalMs, performance.now());
      this.#timer = setTimeout(next, dueMs - performance.now());
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Paints the next picture. */
  paint(): void {
    this.#step += 1;
    const { connection, window, width, height } = this.#painter;
    // Steps of a panning camera, sideways enough that no rows are found again.
    const x = Math.round((MARGIN / 2) * (1 + Math.sin(this.#step * 0.13)));
    const y = Math.round((MARGIN / 2) * (1 + Math.cos(this.#step * 0.17)));
    const order = request(COPY_AREA).u32(this.#film, window, this.#gc).i16(x, y, 0, 0);
    connection.send(order.u16(width, height).bytes());
    connection.flush();
  }

  close(): void {
    this.stop();
    this.#painter.connection.send(request(FREE_PIXMAP).u32(this.#film).bytes());
    this.#painter.connection.flush();
  }
}

function filmRows(width: number, top: number, rows: number): Uint8Array {
  const pixels = new Uint8Array(width * rows * 4);
  let state = top + 1;
  for (let y = top, at = 0; y < top + rows; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const noise = (state >>> 29) - 4;
      const light = 128 + 70 * Math.sin(x / 37) * Math.cos(y / 29) + 30 * Math.sin((x + y) / 11) + noise;
      pixels[at] = light;
      pixels[at + 1] = light + 20 * Math.sin(y / 53);
      pixels[at + 2] = light + 20 * Math.cos(x / 61);
    }
  }
  return pixels;
}
