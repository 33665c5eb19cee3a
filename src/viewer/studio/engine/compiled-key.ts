import { adjustTable, type ColorAdjust, drawMask, type KeySettings, keyTable } from "../../../codecs/key/index.ts";
import type { YuvMatrix } from "../../../codecs/yuv/index.ts";

/** A layer's key as tables, made when somebody asks and kept until the settings change. */
export class CompiledKey {
  readonly settings: KeySettings;
  /** New values of red, green and blue; undefined when they stay. */
  readonly adjust: Uint8Array<ArrayBuffer> | undefined;
  readonly #tables = new Map<string, Uint16Array<ArrayBuffer>>();
  #mask: { width: number; height: number; mask: Uint8Array<ArrayBuffer> | undefined } | undefined;

  constructor(settings: KeySettings, adjust: ColorAdjust) {
    this.settings = settings;
    this.adjust = adjustTable(adjust);
  }

  /** Whether every pixel stays as it is. */
  get isPlain(): boolean {
    const { mode, shapes } = this.settings;
    return mode === "off" && shapes.length === 0;
  }

  get isLuma(): boolean {
    return this.settings.mode === "luma";
  }

  /** Entries of the matte, which has one for each 2x2 pixels. */
  get shrinkRadius(): number {
    return this.settings.mode === "off" ? 0 : Math.round(this.settings.shrink / 2);
  }

  get featherRadius(): number {
    return this.settings.mode === "off" ? 0 : Math.round(this.settings.feather / 2);
  }

  get invert(): boolean {
    return this.settings.mode !== "off" && this.settings.invert;
  }

  /** Alpha and spill by chroma or luma of a video with this matrix; see `keyTable`. */
  table(matrix: YuvMatrix, fullRange: boolean): Uint16Array<ArrayBuffer> {
    const name = `${matrix} ${fullRange}`;
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = keyTable(this.settings, matrix, fullRange);
      this.#tables.set(name, table);
    }
    return table;
  }

  /**
   * The garbage matte for a part of a picture, one byte for each 2x2 pixels; undefined without shapes. The same array for
   * the same size, so that it can be told whether it changed.
   */
  mask(width: number, height: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#mask?.width !== width || this.#mask.height !== height) {
      this.#mask = { width, height, mask: drawMask(this.settings.shapes, width, height) };
    }
    return this.#mask.mask;
  }
}
