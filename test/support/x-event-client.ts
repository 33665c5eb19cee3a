import { request, X11Connection } from "../../dist/agent/x11/index.js";

/** One event as an X program sees it. `detail` is the keycode or button, `state` the modifiers and buttons before it. */
export type SeenEvent = {
  readonly kind: "key-down" | "key-up" | "button-down" | "button-up" | "motion";
  readonly detail: number;
  readonly rootX: number;
  readonly rootY: number;
  readonly state: number;
};

/** An X program with a window over the whole screen that notes every input event it gets. */
export type XEventClient = {
  readonly events: readonly SeenEvent[];
  /** Forgets the events so far. */
  clear(): void;
  close(): void;
};

const KINDS: ReadonlyMap<number, SeenEvent["kind"]> = new Map([
  [2, "key-down"],
  [3, "key-up"],
  [4, "button-down"],
  [5, "button-up"],
  [6, "motion"],
]);
const EXPOSE = 12;
const INPUT_EVENTS = 0x1 | 0x2 | 0x4 | 0x8 | 0x40;
const EXPOSURE = 0x8000;
const EVENT_MASK_ATTRIBUTE = 0x800;

/** Opens the program's window and waits until it is on the screen. */
export async function openEventClient(display: string): Promise<XEventClient> {
  const connection = X11Connection.open(display);
  const { root, width, height } = connection.screen;
  const window = connection.generateId();
  const events: SeenEvent[] = [];
  const shown = new Promise<void>((resolve) => {
    connection.onEvent(({ code, bytes }) => {
      if (code === EXPOSE) resolve();
      const kind = KINDS.get(code);
      if (kind === undefined) return;
      events.push({
        kind,
        detail: kind === "motion" ? 0 : bytes.readUInt8(1),
        rootX: bytes.readInt16LE(20),
        rootY: bytes.readInt16LE(22),
        state: bytes.readUInt16LE(28),
      });
    });
  });
  connection.check(
    request(1, 0)
      .u32(window, root)
      .i16(0, 0)
      .u16(width, height, 0, 1)
      .u32(0, EVENT_MASK_ATTRIBUTE, INPUT_EVENTS | EXPOSURE)
      .bytes(),
  );
  connection.check(request(8).u32(window).bytes());
  await shown;
  return {
    events,
    clear: () => {
      events.length = 0;
    },
    close: () => connection.close(),
  };
}
