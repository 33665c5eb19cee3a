/** Which keys or buttons of the machine are down because which viewer holds them. */
export class HeldKeys {
  readonly #byViewer = new Map<number, Map<number, number | undefined>>();

  /**
   * Notes that the viewer holds its key `usage` and with it the machine's `code`, or that the key was typed and nothing
   * is held for it (`code` undefined). Returns whether the code must go down now.
   */
  hold(viewer: number, usage: number, code: number | undefined): boolean {
    const first = code !== undefined && !this.isDown(code);
    const keys = this.#byViewer.get(viewer) ?? new Map<number, number | undefined>();
    keys.set(usage, code);
    this.#byViewer.set(viewer, keys);
    return first;
  }

  /** Whether the viewer pressed the key and has not released it. */
  has(viewer: number, usage: number): boolean {
    return this.#byViewer.get(viewer)?.has(usage) ?? false;
  }

  /** The machine's code that is down for the viewer's key. */
  codeOf(viewer: number, usage: number): number | undefined {
    return this.#byViewer.get(viewer)?.get(usage);
  }

  /** The viewer let go. Returns the code that must go up, if no other key holds it. */
  letGo(viewer: number, usage: number): number | undefined {
    const keys = this.#byViewer.get(viewer);
    const code = keys?.get(usage);
    keys?.delete(usage);
    if (keys?.size === 0) this.#byViewer.delete(viewer);
    return code !== undefined && !this.isDown(code) ? code : undefined;
  }

  /** Forgets that anybody holds the code, which the caller releases. */
  drop(code: number): void {
    for (const keys of this.#byViewer.values()) {
      for (const [usage, held] of keys) if (held === code) keys.set(usage, undefined);
    }
  }

  isDown(code: number): boolean {
    for (const keys of this.#byViewer.values()) {
      for (const held of keys.values()) if (held === code) return true;
    }
    return false;
  }

  /** The keys that the viewer holds. */
  usages(viewer: number): number[] {
    return [...(this.#byViewer.get(viewer)?.keys() ?? [])];
  }

  /** Every code that is down, each once. */
  codes(): number[] {
    const codes = new Set<number>();
    for (const keys of this.#byViewer.values())
      for (const code of keys.values()) if (code !== undefined) codes.add(code);
    return [...codes];
  }

  viewers(): number[] {
    return [...this.#byViewer.keys()];
  }
}
