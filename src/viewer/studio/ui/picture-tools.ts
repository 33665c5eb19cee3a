import { html, nothing, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { KeySettings, MatteShape } from "../../../codecs/key/index.ts";
import { sceneToSource, sourceToScene } from "../scene/placement.ts";
import type { Layer } from "../scene/scene.ts";
import type { StudioStage } from "../stage/studio-stage.ts";
import type { Tool } from "./inspector.ts";

type Point = readonly [x: number, y: number];

export type PictureToolsOptions = {
  readonly stage: () => StudioStage | null;
  readonly layer: () => Layer | undefined;
  readonly tool: () => Tool;
  readonly change: (change: Partial<Layer>) => void;
  readonly changeKey: (change: Partial<KeySettings>) => void;
  /** The person picked a place of the layer's own picture; `further` keeps the colours that there are. */
  readonly pick: (x: number, y: number, further: boolean) => void;
  readonly redraw: () => void;
};

const SCALE_PER_PIXEL = 0.0015;
/** A drag shorter than this, in shares of the picture, is a slip. */
const MIN_SHAPE = 0.01;

/** Dragging, scaling, picking and drawing on the picture. */
export class PictureTools {
  readonly #options: PictureToolsOptions;
  #drag: { readonly from: Point; readonly placement: Layer["placement"] } | undefined;
  #corners: Point[] = [];

  constructor(options: PictureToolsOptions) {
    this.#options = options;
  }

  /** Forgets a shape that is half drawn. */
  reset(): void {
    this.#corners = [];
    this.#drag = undefined;
  }

  render(): TemplateResult | typeof nothing {
    const { stage, layer, tool } = this.#options;
    const [shown, selected] = [stage(), layer()];
    if (shown === null || selected === undefined) return nothing;
    const { width, height } = shown.scene;
    const box = shown.sceneBox;
    const host = shown.getBoundingClientRect();
    const mirrored = shown.selfMirror ? `transform: scaleX(-1)` : "";
    return html`
      <svg
        class="overlay ${tool().kind}"
        viewBox="0 0 ${width} ${height}"
        style="left:${box.left - host.left}px;top:${box.top - host.top}px;width:${box.width}px;height:${box.height}px;${mirrored}"
        role="application"
        aria-label="Picture"
        @pointerdown=${this.#down}
        @pointermove=${this.#move}
        @pointerup=${this.#up}
        @pointercancel=${this.#up}
        @dblclick=${this.#finishPolygon}
        @wheel=${this.#wheel}
      >
        ${this.#renderFrame(selected)}
        ${tool().kind === "draw" || selected.key.shapes.length > 0 ? this.#shapes(selected).map((shape) => this.#renderShape(shape, selected)) : nothing}
      </svg>
    `;
  }

  #shapes({ key }: Layer): readonly MatteShape[] {
    const tool = this.#options.tool();
    if (tool.kind !== "draw" || this.#corners.length === 0) return key.shapes;
    return [...key.shapes, { kind: tool.shape, mode: tool.mode, points: this.#corners }];
  }

  #renderFrame(layer: Layer): SVGTemplateResult {
    const corners: readonly Point[] = [
      [layer.crop.left, layer.crop.top],
      [1 - layer.crop.right, layer.crop.top],
      [1 - layer.crop.right, 1 - layer.crop.bottom],
      [layer.crop.left, 1 - layer.crop.bottom],
    ];
    return svg`<polygon class="frame" points=${this.#toScene(layer, corners)} />`;
  }

  #renderShape({ kind, mode, points }: MatteShape, layer: Layer): SVGTemplateResult {
    const [[x1, y1], [x2, y2]] = [points[0] ?? [0, 0], points[1] ?? points[0] ?? [0, 0]];
    const outline: readonly Point[] =
      kind === "polygon"
        ? points
        : kind === "rectangle"
          ? [
              [x1, y1],
              [x2, y1],
              [x2, y2],
              [x1, y2],
            ]
          : Array.from({ length: 48 }, (_, i): Point => {
              const angle = (i / 48) * 2 * Math.PI;
              const [across, down] = [(x2 - x1) / 2, (y2 - y1) / 2];
              return [(x1 + x2) / 2 + across * Math.cos(angle), (y1 + y2) / 2 + down * Math.sin(angle)];
            });
    return svg`<polygon class="shape ${mode}" points=${this.#toScene(layer, outline)} />`;
  }

  #toScene(layer: Layer, points: readonly Point[]): string {
    const stage = this.#options.stage();
    const size = stage?.sourceSize(layer);
    if (stage === null || size === undefined) return "";
    return points.map((point) => sourceToScene(stage.scene, size, layer, point).join(",")).join(" ");
  }

  /** Where an event is: in the scene, and in shares of the layer's own picture. */
  #place({ clientX, clientY }: MouseEvent): { readonly scene: Point; readonly source: Point } | undefined {
    const { stage, layer } = this.#options;
    const [shown, selected] = [stage(), layer()];
    const size = shown === null || selected === undefined ? undefined : shown.sourceSize(selected);
    if (shown === null || selected === undefined || size === undefined) return undefined;
    const { x, y } = shown.toScene(clientX, clientY);
    return { scene: [x, y], source: sceneToSource(shown.scene, size, selected, [x, y]) };
  }

  readonly #down = (event: PointerEvent): void => {
    const place = this.#place(event);
    const layer = this.#options.layer();
    if (place === undefined || layer === undefined || event.button !== 0) return;
    const tool = this.#options.tool();
    if (tool.kind === "pick") {
      const [x, y] = place.source;
      if (x >= 0 && x <= 1 && y >= 0 && y <= 1) this.#options.pick(x, y, event.shiftKey);
      return;
    }
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    if (tool.kind === "move") this.#drag = { from: place.scene, placement: layer.placement };
    else if (tool.shape === "polygon") this.#corners.push(place.source);
    else this.#corners = [place.source, place.source];
    this.#options.redraw();
  };

  readonly #move = (event: PointerEvent): void => {
    const place = this.#place(event);
    if (place === undefined) return;
    const tool = this.#options.tool();
    if (this.#drag !== undefined) {
      const { from, placement } = this.#drag;
      const scene = this.#options.stage()?.scene;
      if (scene === undefined) return;
      const x = clamp(placement.x + (place.scene[0] - from[0]) / scene.width);
      const y = clamp(placement.y + (place.scene[1] - from[1]) / scene.height);
      this.#options.change({ placement: { ...placement, x, y } });
    } else if (tool.kind === "draw" && tool.shape !== "polygon" && this.#corners.length === 2) {
      this.#corners = [this.#corners[0] as Point, place.source];
      this.#options.redraw();
    }
  };

  readonly #up = (): void => {
    this.#drag = undefined;
    const tool = this.#options.tool();
    if (tool.kind !== "draw" || tool.shape === "polygon" || this.#corners.length !== 2) return;
    const [[x1, y1], [x2, y2]] = this.#corners as [Point, Point];
    if (Math.abs(x2 - x1) > MIN_SHAPE && Math.abs(y2 - y1) > MIN_SHAPE) this.#keep(tool.shape, tool.mode);
    this.reset();
    this.#options.redraw();
  };

  readonly #finishPolygon = (): void => {
    const tool = this.#options.tool();
    if (tool.kind !== "draw" || tool.shape !== "polygon") return;
    // The double click itself has added its corner twice.
    this.#corners.pop();
    if (this.#corners.length >= 3) this.#keep("polygon", tool.mode);
    this.reset();
    this.#options.redraw();
  };

  readonly #wheel = (event: WheelEvent): void => {
    const layer = this.#options.layer();
    if (layer === undefined || this.#options.tool().kind !== "move") return;
    event.preventDefault();
    const scale = layer.placement.scale * Math.exp(-event.deltaY * SCALE_PER_PIXEL);
    this.#options.change({ placement: { ...layer.placement, scale: Math.min(16, Math.max(0.02, scale)) } });
  };

  #keep(kind: MatteShape["kind"], mode: MatteShape["mode"]): void {
    const layer = this.#options.layer();
    if (layer === undefined) return;
    this.#options.changeKey({ shapes: [...layer.key.shapes, { kind, mode, points: this.#corners }] });
  }
}

function clamp(value: number): number {
  return Math.min(4, Math.max(-4, value));
}
