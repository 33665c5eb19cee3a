import type { Closable } from "../../../base/index.ts";
import type { TileBox } from "../state/wall-model.ts";
import type { OfferedCanvas, WallTileElement } from "./wall-tile.ts";

type Place = { readonly element: WallTileElement; visible: boolean; width: number; height: number; hasCanvas: boolean };

/** Follows where tiles are on screen, and gives each a canvas when it is first seen. */
export class TilePlaces implements Closable {
  readonly #place: (path: string, box: TileBox | undefined) => void;
  readonly #places = new Map<string, Place>();
  readonly #sizes = new ResizeObserver((entries) => this.#resized(entries));
  #sight: IntersectionObserver | undefined;
  #root: Element | null = null;

  /** `place` hears of every tile that moved, and of those that went. */
  constructor(place: (path: string, box: TileBox | undefined) => void) {
    this.#place = place;
  }

  /** The tiles there are now, inside of the box that scrolls. */
  follow(elements: readonly WallTileElement[], root: Element | null): void {
    if (root !== this.#root) this.#watch(root);
    const paths = new Set(elements.map(({ source }) => source.path));
    for (const [path, { element }] of this.#places) {
      if (paths.has(path) && elements.includes(element)) continue;
      this.#sizes.unobserve(element);
      this.#sight?.unobserve(element);
      this.#places.delete(path);
      this.#place(path, undefined);
    }
    for (const element of elements) {
      const { path } = element.source;
      if (this.#places.has(path)) continue;
      this.#places.set(path, { element, visible: false, width: 0, height: 0, hasCanvas: false });
      this.#sizes.observe(element);
      this.#sight?.observe(element);
    }
  }

  /** A canvas for every tile that is seen and has none. */
  newCanvases(): Array<OfferedCanvas & { readonly element: WallTileElement }> {
    return [...this.#places.values()]
      .filter(({ visible, hasCanvas }) => visible && !hasCanvas)
      .map((place) => {
        place.hasCanvas = true;
        return { element: place.element, ...place.element.offerCanvas() };
      });
  }

  /** The tile's canvas is used up. */
  forgetCanvas(path: string): void {
    const place = this.#places.get(path);
    if (place === undefined) return;
    place.hasCanvas = false;
    this.#askForUpdate(place);
  }

  close(): void {
    this.#sizes.disconnect();
    this.#sight?.disconnect();
    this.#places.clear();
  }

  #watch(root: Element | null): void {
    this.#sight?.disconnect();
    this.#root = root;
    if (root === null) return;
    this.#sight = new IntersectionObserver((entries) => this.#seen(entries), { root, rootMargin: "120px 0px" });
    for (const { element } of this.#places.values()) this.#sight.observe(element);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const place = this.#placeOf(target);
      if (place === undefined) continue;
      place.visible = isIntersecting;
      this.#tell(place);
      if (isIntersecting && !place.hasCanvas) this.#askForUpdate(place);
    }
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    for (const { target, contentRect } of entries) {
      const place = this.#placeOf(target);
      if (place === undefined) continue;
      place.width = contentRect.width * devicePixelRatio;
      place.height = contentRect.height * devicePixelRatio;
      this.#tell(place);
    }
  }

  #tell({ element, visible, width, height }: Place): void {
    this.#place(element.source.path, { width, height, visible });
  }

  #placeOf(element: Element): Place | undefined {
    for (const place of this.#places.values()) if (place.element === element) return place;
    return undefined;
  }

  #askForUpdate({ element }: Place): void {
    const root = element.getRootNode();
    if (root instanceof ShadowRoot) (root.host as unknown as { requestUpdate(): void }).requestUpdate();
  }
}
