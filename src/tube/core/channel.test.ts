import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { CableEnd, cable, Pair, SESSION } from "../../../test/support/channel-pair.ts";
import {
  CONTROL_CONNECTION,
  encodeTubeFrame,
  MAX_SENT_PAYLOAD_BYTES,
  TUBE_OVERHEAD_BYTES,
} from "../../codecs/tube/index.ts";
import { MAX_WAITING_CONTROL, MAX_WAITING_DATAGRAMS } from "./fair-sender.ts";
import { encodeLinkFrame } from "./link-message.ts";
import { INITIAL_WINDOW_BYTES } from "./receive-window.ts";
import { TRANSPORT_HIGH_WATER_BYTES } from "./transport.ts";

/** As a browser's WebSocket: nothing tells when its queue goes down, it can only look when something arrives. */
class SilentEnd extends CableEnd {
  maxBufferedBytes = 0;

  override send(message: Uint8Array): void {
    super.send(message);
    this.maxBufferedBytes = Math.max(this.maxBufferedBytes, this.bufferedBytes);
  }

  override deliver(): boolean {
    const message = this.queue.shift();
    if (message === undefined) return false;
    this.bufferedBytes -= message.length;
    this.peer?.events.message(message);
    if (this.peer !== undefined && this.peer.bufferedBytes < TRANSPORT_HIGH_WATER_BYTES) this.peer.events.drained();
    return true;
  }
}

/** A frame of connection 1 that says it has `length` bytes, and has `payloadBytes`. */
function malformed(length: number, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(17 + payloadBytes);
  frame[3] = 1;
  new DataView(frame.buffer).setUint32(12, length);
  frame[16 + payloadBytes] = length === payloadBytes ? 0x3a : 0x3b;
  return frame;
}

function controlFrame(payload: readonly number[]): Uint8Array {
  const frame = new Uint8Array(TUBE_OVERHEAD_BYTES + payload.length);
  encodeTubeFrame(frame, 0, CONTROL_CONNECTION, 0, Uint8Array.from(payload));
  return frame;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("connections", () => {
  test("carry bytes both ways and end each direction by itself", () => {
    const pair = new Pair();
    const { near, far } = pair.open();
    near.connection.write(text("question"));
    near.connection.end();
    pair.deliver();
    expect(far().bytes.toString()).toBe("question");
    expect([far().ended, near.ended]).toEqual([true, false]);
    far().connection.write(text("answer"));
    far().connection.end();
    pair.deliver();
    expect(near.bytes.toString()).toBe("answer");
    expect(near.close).toMatchObject({ reason: "normal" });
    expect([pair.near.figures.connections, pair.far.figures.connections]).toEqual([0, 0]);
  });

  test("tell the other end why they close, and nothing arrives afterwards", () => {
    const pair = new Pair();
    pair.onOpen = (connection) => connection.close("admin-closed", "not allowed");
    const { near } = pair.open();
    expect(near.close).toEqual({ reason: "admin-closed", text: "not allowed", remote: true });
    expect(near.connection.write(text("late"))).toBe(false);
  });

  test("opening again what is open is answered and changes nothing", () => {
    const pair = new Pair();
    const { far } = pair.open();
    const number = far().connection.number;
    const request = new Uint8Array([0, 0, 0, 1, 97, 0, 1]);
    const frame = new Uint8Array(17 + 6 + request.length);
    new DataView(frame.buffer).setUint32(12, 6 + request.length);
    frame.set([0, 101, 0, 0, 0, number], 16);
    frame.set(request, 22);
    frame[frame.length - 1] = 59;
    const before = pair.near.figures.receivedBytes;
    pair.cable[1].events.message(frame);
    pair.deliver();
    expect(pair.accepted).toHaveLength(1);
    expect(pair.near.figures.receivedBytes).toBe(before + 6);
  });

  test("over the limit are refused; the others go on", () => {
    const pair = new Pair({ maxConnections: 2 });
    const opened = [pair.open(), pair.open()];
    expect(() => pair.near.open({ kind: "target", host: "db", port: 1 })).toThrow("at most 2 connections");
    opened[0]?.near.connection.close();
    pair.deliver();
    expect(pair.open().near.close).toBeUndefined();
  });

  test("over the other end's limit are refused with its reason, and leave nothing", () => {
    const pair = new Pair({ maxConnections: 1, maxNearConnections: 3 });
    const first = pair.open();
    const close = { reason: "server-refuse", text: "There are 1 connections already.", remote: true };
    expect(pair.open().near.close).toEqual(close);
    expect([pair.near.figures.connections, pair.far.figures.connections]).toEqual([1, 1]);
    first.near.connection.close();
    pair.deliver();
    expect(pair.open().near.close).toBeUndefined();
  });

  test("one whose owner throws is closed alone", () => {
    const pair = new Pair();
    const first = pair.open();
    const second = pair.open();
    vi.spyOn(first.far(), "data").mockImplementation(() => {
      throw new Error("broken");
    });
    first.near.connection.write(text("x"));
    second.near.connection.write(text("y"));
    pair.deliver();
    expect(first.near.close).toEqual({ reason: "handler-error", text: "broken", remote: true });
    expect(second.far().bytes.toString()).toBe("y");
  });
});

describe("the fair sender", () => {
  test("a stalled reader is sent its credit and no more, and stops its writer", () => {
    const pair = new Pair();
    const stalled = pair.open();
    stalled.far().stalls = true;
    const chunk = new Uint8Array(16_384);
    let wrote = 0;
    while (stalled.near.connection.write(chunk)) {
      wrote += chunk.length;
      pair.deliver();
      expect(wrote).toBeLessThan(2 << 20);
    }
    pair.deliver();
    expect(stalled.far().bytes.length).toBe(INITIAL_WINDOW_BYTES);
    const other = pair.open();
    other.near.connection.write(text("still here"));
    pair.deliver();
    expect(other.far().bytes.toString()).toBe("still here");
    stalled.far().stalls = false;
    stalled.far().connection.consumed(INITIAL_WINDOW_BYTES);
    pair.deliver();
    expect(stalled.far().bytes.length).toBeGreaterThan(INITIAL_WINDOW_BYTES);
    expect(stalled.near.writableCount).toBeGreaterThan(0);
  });

  test("connections take turns, and control messages pass all of them", () => {
    const pair = new Pair();
    const streams = [pair.open(), pair.open()];
    const order: number[] = [];
    for (const [index, stream] of streams.entries())
      vi.spyOn(stream.far(), "data").mockImplementation(() => void order.push(index));
    // Nothing leaves while the cable is full, so both have everything queued when it drains.
    pair.cable[0].bufferedBytes = 1 << 20;
    for (const { near } of streams) near.connection.write(new Uint8Array(60_000));
    for (const { near } of streams) near.connection.write(new Uint8Array(60_000));
    const late = pair.near.open({ kind: "target", host: "db", port: 2 });
    pair.cable[0].bufferedBytes = 0;
    pair.cable[0].events.drained();
    pair.deliver();
    expect(order).toEqual([0, 1, 0, 1]);
    expect(late.isOpened).toBe(true);
  });

  test("drops the oldest UDP packets when the network is slow, and counts them", () => {
    const pair = new Pair();
    pair.cable[0].bufferedBytes = 1 << 20;
    const client = { address: new Uint8Array(4), port: 1 };
    for (let count = 0; count < MAX_WAITING_DATAGRAMS + 44; count += 1) {
      pair.near.sendDatagram({ type: "udp-packet", connection: 9, client, data: Uint8Array.of(count >> 8, count) });
    }
    pair.cable[0].bufferedBytes = 0;
    pair.cable[0].events.drained();
    pair.deliver();
    expect(pair.near.figures.droppedDatagrams).toBe(44);
    expect(pair.datagrams).toHaveLength(MAX_WAITING_DATAGRAMS);
    expect(pair.datagrams[0]).toMatchObject({ data: Uint8Array.of(0, 44) });
  });

  test("ends with a peer that asks again and again without reading the answers", () => {
    const pair = new Pair();
    pair.onOpen = (connection) => connection.close("client");
    pair.cable[1].bufferedBytes = 1 << 20;
    for (let count = 0; count <= MAX_WAITING_CONTROL && pair.ends.length === 0; count += 1) {
      pair.near.open({ kind: "target", host: "x", port: 1 }).close();
      pair.cable[0].bufferedBytes = 0;
      while (pair.cable[0].deliver());
    }
    expect(pair.ends[0]).toMatchObject({ reason: "protocol-error" });
  });

  test("a peer that sends without credit loses the connection", () => {
    const pair = new Pair();
    const { near, far } = pair.open();
    far().stalls = true;
    near.connection.receiveCredit(1 << 20);
    near.connection.write(new Uint8Array(INITIAL_WINDOW_BYTES + 1));
    pair.deliver();
    expect(near.close).toMatchObject({ reason: "protocol-error", remote: true });
  });
});

describe("a session", () => {
  test("goes on where it stopped, wherever the cable is cut", () => {
    const cuts = fc.array(fc.nat(40), { minLength: 1, maxLength: 8 });
    const writes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(writes, cuts, (chunks, messagesBeforeCut) => {
        const pair = new Pair();
        const { near, far } = pair.open();
        const pending = [...messagesBeforeCut];
        for (const chunk of chunks) {
          near.connection.write(chunk);
          far().connection.write(chunk);
          const count = pending.shift() ?? 0;
          for (let step = 0; step < count; step += 1) pair.cable[step % 2]?.deliver();
          if (count % 3 !== 0) continue;
          pair.cut();
          pair.connect();
        }
        near.connection.end();
        far().connection.end();
        pair.deliver();
        const all = Buffer.concat(chunks);
        expect(far().bytes.equals(all)).toBe(true);
        expect(near.bytes.equals(all)).toBe(true);
        expect(pair.near.figures.connections + pair.far.figures.connections).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test("survives 30 s without a network, and ends with its connections when none comes", () => {
    const pair = new Pair();
    const { near } = pair.open();
    pair.cut();
    expect(pair.interruptions).toHaveLength(2);
    pair.time.pass(30_000);
    pair.connect();
    expect(pair.resumed).toBe(2);
    expect(near.close).toBeUndefined();
    pair.cut();
    pair.time.pass(120_000);
    expect(near.close).toMatchObject({ reason: "connection-lost" });
    expect(pair.ends).toHaveLength(2);
    expect(pair.time.pending).toBe(0);
  });

  test.each([17, MAX_SENT_PAYLOAD_BYTES])(
    "goes on without time where a transport can look only when something arrives, in writes of %i bytes",
    (bytes) => {
      const pair = new Pair();
      const { near, far } = pair.open();
      pair.cut();
      // All of it waits for the next transport, which begins full.
      const total = 3 * TRANSPORT_HIGH_WATER_BYTES;
      let written = 0;
      const fill = (): void => {
        while (written < total) {
          written += bytes;
          if (!near.connection.write(new Uint8Array(bytes))) return;
        }
      };
      vi.spyOn(near, "writable").mockImplementation(fill);
      fill();
      const ends = cable(() => new SilentEnd()) as [SilentEnd, SilentEnd];
      pair.connect(ends);
      expect(far().bytes.length).toBe(written);
      expect(ends[0].maxBufferedBytes).toBeGreaterThan(TRANSPORT_HIGH_WATER_BYTES / 2);
      expect(ends[0].maxBufferedBytes).toBeLessThan(TRANSPORT_HIGH_WATER_BYTES + 2 * MAX_SENT_PAYLOAD_BYTES);
      // And in the middle of it, with frames that the cut one had been given.
      pair.cut();
      written = 0;
      fill();
      pair.connect(cable(() => new SilentEnd()));
      expect(pair.near.figures).toMatchObject({ queuedBytes: 0 });
    },
  );

  test("finds out that the other end is silent, and measures the round trip while it is not", () => {
    const pair = new Pair();
    const [near] = pair.cable;
    pair.time.pass(2000);
    pair.time.pass(30);
    pair.deliver();
    expect(pair.near.figures.rttMs).toBe(30);
    near.peer = undefined;
    pair.time.pass(12_000);
    expect(pair.interruptions).toContain("The other end no longer answers.");
  });

  test.each([
    ["another session", encodeLinkFrame({ type: "attach", session: new Uint8Array(16), received: 0, windowBytes: 9 })],
    [
      "frames that were never sent",
      encodeLinkFrame({ type: "attach", session: SESSION, received: 99, windowBytes: 9 }),
    ],
    ["no attach message", new Uint8Array([0, 0, 0, 5, ...new Uint8Array(12), 59])],
  ])("is refused by a peer that begins with %s", (_what, message) => {
    const pair = new Pair();
    pair.cut();
    const [near, far] = cable();
    pair.near.attach(near);
    far.send(message);
    far.deliver();
    expect(pair.ends).toEqual([expect.objectContaining({ reason: "protocol-error" })]);
  });

  test.each([
    ["a wrong terminator", malformed(8, 8), /of 8 bytes does not end with ";"/],
    ["a payload longer than its length says", malformed(8, 9), /of 8 bytes does not end with ";"/],
    ["an oversized length", malformed(0xffff_0002, 8), /is 4294901762 bytes long; the limit is 131072/],
  ])("ends at both ends with reason 19 at %s, behind what came before", (_what, frame, problem) => {
    const pair = new Pair();
    const { near, far } = pair.open();
    near.connection.write(text("before"));
    near.connection.write(text("broken"));
    pair.cable[0].queue.splice(1, 1, frame);
    pair.deliver();
    expect(far().bytes.toString()).toBe("before");
    const close = { reason: "protocol-error", text: expect.stringMatching(problem) };
    expect(pair.ends).toEqual([
      { ...close, remote: true },
      { ...close, remote: false },
    ]);
    expect([far().close, near.close]).toEqual([expect.objectContaining(close), expect.objectContaining(close)]);
    for (const channel of [pair.near, pair.far]) {
      expect(channel.figures).toMatchObject({ connections: 0, queuedBytes: 0, unconsumedBytes: 0, keptBytes: 0 });
    }
    expect(pair.time.pending).toBe(0);
  });

  test.each([
    ["an unknown code", [0x12, 0x34, 1, 2, 3]],
    ["no code", []],
    ["half a code", [0]],
    ["an open-connection without a number", [0, 101, 0, 0]],
    ["a close-connection whose text is cut", [0, 102, 0, 0, 0, 1, 1, 0, 9, 97]],
    ["a send-eof without a number", [0, 104]],
    ["a credit that is cut", [1, 147, 0, 0, 0, 1, 0]],
    ["a UDP packet with an unknown address type", [0, 203, 0, 0, 0, 1, 9, 1, 2, 3, 4, 0, 53]],
    ["a metrics request of an unknown type", [1, 45, 7]],
  ])("goes on after a control message with %s, also over the next transport", (_what, payload) => {
    const pair = new Pair();
    const { near, far } = pair.open();
    pair.near.sendDatagram({ type: "udp-associate", connection: 9, port: 0 });
    pair.cable[0].queue.splice(0, 1, controlFrame(payload));
    near.connection.write(text("one "));
    pair.deliver();
    expect(pair.far.figures).toMatchObject({ unreadMessages: 1, connections: 1 });
    pair.cut();
    near.connection.write(text("two"));
    pair.connect();
    far().connection.write(text("answer"));
    pair.deliver();
    expect([far().bytes.toString(), near.bytes.toString()]).toEqual(["one two", "answer"]);
    expect(pair.datagrams).toEqual([]);
    expect(pair.ends).toEqual([]);
  });

  test("leaves nothing behind when it is closed", () => {
    const pair = new Pair();
    const { near, far } = pair.open();
    near.connection.write(new Uint8Array(200_000));
    pair.near.close();
    pair.deliver();
    expect(pair.ends).toHaveLength(2);
    expect(far().close).toMatchObject({ reason: "tunnel-closed", remote: true });
    for (const channel of [pair.near, pair.far]) {
      expect(channel.figures).toMatchObject({ connections: 0, queuedBytes: 0, unconsumedBytes: 0, keptBytes: 0 });
    }
    expect(pair.time.pending).toBe(0);
  });

  test("traces frames only where somebody listens", () => {
    const trace = vi.fn();
    const pair = new Pair({ trace });
    pair.open();
    expect(trace).toHaveBeenCalledWith(expect.objectContaining({ event: "received" }));
  });
});
