import type { LayerSpec } from "../messages.ts";
import { CompiledKey } from "./compiled-key.ts";

/** Keeps each layer's key, so that its tables are made again only when the key itself changes: when a slider moves. */
export class KeyCache {
  readonly #keys = new Map<string, { spec: LayerSpec; key: CompiledKey }>();

  /** The same object until the layer's key or colours change, whatever else of the layer does. */
  of(spec: LayerSpec): CompiledKey {
    const known = this.#keys.get(spec.id);
    if (known !== undefined) {
      if (known.spec === spec) return known.key;
      if (JSON.stringify([known.spec.key, known.spec.adjust]) === JSON.stringify([spec.key, spec.adjust])) {
        known.spec = spec;
        return known.key;
      }
    }
    const key = new CompiledKey(spec.key, spec.adjust);
    this.#keys.set(spec.id, { spec, key });
    return key;
  }

  /** Forgets the keys of all other layers. */
  keep(layers: readonly LayerSpec[]): void {
    for (const id of this.#keys.keys()) {
      if (!layers.some((layer) => layer.id === id)) this.#keys.delete(id);
    }
  }
}
