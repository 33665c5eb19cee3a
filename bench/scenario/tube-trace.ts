import { type TraceEvent, TransportEvents, TubeChannel, type TubeTransport } from "../../src/tube/core/index.ts";
import { cell, measureAll } from "../micro/measure.ts";

const FRAME_BYTES = 1024;

/** Two channels joined in memory, with a connection between them; `run` sends that many frames through. */
function loop(trace: ((event: TraceEvent) => void) | undefined): (count: number) => number {
  const near = memoryTransport();
  const far = memoryTransport();
  near.other = far;
  far.other = near;
  const timers = { nowMs: () => performance.now(), after: () => () => undefined };
  let received = 0;
  const side = (isInitiator: boolean): TubeChannel =>
    new TubeChannel({
      ...{ session: new Uint8Array(16), isInitiator, timers, trace },
      listener: {
        open(connection) {
          connection.accept();
          connection.receiveInto({
            data(bytes) {
              received += bytes.length;
              connection.consumed(bytes.length);
            },
            ...{ end: () => undefined, writable: () => undefined, closed: () => undefined },
          });
        },
        ...{ live: () => undefined, interrupted: () => undefined, ended: () => undefined },
      },
    });
  const channels = [side(true), side(false)] as const;
  channels[0].attach(near);
  channels[1].attach(far);
  deliver(near, far);
  const connection = channels[0].open({ kind: "target", host: "x", port: 1 });
  deliver(near, far);
  const payload = new Uint8Array(FRAME_BYTES);
  return (count) => {
    for (let index = 0; index < count; index += 1) {
      connection.write(payload);
      deliver(near, far);
    }
    return received;
  };
}

type MemoryTransport = TubeTransport & {
  other: MemoryTransport | undefined;
  queue: Uint8Array[];
  take(bytes: Uint8Array): void;
};

function memoryTransport(): MemoryTransport {
  const events = new TransportEvents();
  const transport: MemoryTransport = {
    ...{ kind: "websocket", description: "memory", bufferedBytes: 0, other: undefined, queue: [] },
    ...{ onMessage: events.onMessage, onDrain: events.onDrain, onClose: events.onClose },
    take: (bytes) => events.message(bytes),
    send: (message) => void transport.queue.push(message),
    close: () => undefined,
  };
  return transport;
}

function deliver(...ends: readonly MemoryTransport[]): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const end of ends) {
      for (const message of end.queue.splice(0)) {
        moved = true;
        end.other?.take(message);
      }
    }
  }
}

/** Off twice, so that the spread of equal things is seen beside the difference. */
export function traceCost(): string {
  let events = 0;
  const count = (): void => {
    events += 1;
  };
  const rows = [
    { name: "off", run: loop(undefined) },
    { name: "off again", run: loop(undefined) },
    { name: "on", run: loop(count) },
  ];
  const measured = measureAll(rows);
  return (
    rows.map(({ name }) => `${name} ${cell(measured.get(name))}`).join(", ") +
    ` (${events > 0 ? "traced" : "NOT TRACED"})`
  );
}
