import { expect, test } from "vitest";
import type { TubeConnection } from "../../../tube/core/index.ts";
import { ByteChannel } from "./byte-channel.ts";
import { MAX_WAITING_INPUT_BYTES, PaneWriter } from "./pane-writer.ts";

/** A connection as full as the test says. */
class Outlet {
  readonly written: number[] = [];
  closed: string | undefined;
  room = 0;

  write(bytes: Uint8Array): boolean {
    this.written.push(...bytes.subarray(0, 1), bytes.length);
    this.room -= 1;
    return this.room > 0;
  }

  close(reason: string, text: string): void {
    this.closed = `${reason}: ${text}`;
  }
}

const message = (first: number, length: number): Uint8Array => new Uint8Array(length).fill(first);

test("a pane writes until the connection is full, and goes on in order when there is room", () => {
  const outlet = new Outlet();
  const writer = new PaneWriter(outlet as Pick<TubeConnection, "write" | "close">);
  writer.write(message(1, 10));
  writer.write(message(2, 100_000));
  writer.write(message(3, 30));
  expect(outlet.written).toEqual([1, 10]);
  expect(writer.waitingBytes).toBe(100_030);
  writer.writable();
  expect(outlet.written).toEqual([1, 10, 2, 65_536]);
  outlet.room = 10;
  writer.writable();
  expect(outlet.written).toEqual([1, 10, 2, 65_536, 2, 34_464, 3, 30]);
  expect(writer.waitingBytes).toBe(0);
});

test("a remote machine that takes nothing is given up at the limit, with a reason", () => {
  const outlet = new Outlet();
  const writer = new PaneWriter(outlet as Pick<TubeConnection, "write" | "close">);
  writer.write(message(0, 1));
  for (let sent = 0; sent < MAX_WAITING_INPUT_BYTES; sent += 1 << 20) writer.write(message(1, 1 << 20));
  expect(writer.waitingBytes).toBe(MAX_WAITING_INPUT_BYTES);
  expect(outlet.closed).toBeUndefined();
  writer.write(message(2, 1));
  expect(outlet.closed).toBe("client: The remote machine takes no more input.");
  expect(writer.waitingBytes).toBe(0);
});

test("while a VNC machine takes nothing, movements are left out, buttons and keys are not", () => {
  const outlet = new Outlet();
  let sink: { writable(): void } | undefined;
  const connection = {
    ...{ write: outlet.write.bind(outlet), close: outlet.close.bind(outlet), whenOpened: () => undefined },
    receiveInto: (given: { writable(): void }) => {
      sink = given;
    },
  };
  const channel = new ByteChannel(connection as unknown as TubeConnection);
  const pointer = (buttons: number): void => channel.send(Uint8Array.of(5, buttons, 0, 7, 0, 7));
  channel.send(Uint8Array.of(4, 1, 0, 0, 0, 0, 0, 65));
  for (let count = 0; count < 1000; count += 1) pointer(0);
  pointer(1);
  for (let count = 0; count < 1000; count += 1) pointer(1);
  pointer(0);
  channel.send(Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 65));
  outlet.room = 100;
  sink?.writable();
  expect(outlet.written).toEqual([4, 8, 5, 6, 5, 6, 4, 8]);
});
