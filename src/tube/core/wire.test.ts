import { describe, expect, test } from "vitest";
import { decodeLinkMessage, encodeLinkFrame, isSequenced, type LinkMessage } from "./link-message.ts";
import { decodeOpenRequest, encodeOpenRequest } from "./open-request.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { ReplayBuffer } from "./replay-buffer.ts";

const session = Uint8Array.from({ length: 16 }, (_, index) => index);
const vectors: Array<[LinkMessage, string]> = [
  [
    { type: "attach", session, received: 0x1_0000_0002, windowBytes: 65_536 },
    "0191 01 000102030405060708090a0b0c0d0e0f 0000000100000002 00010000",
  ],
  [{ type: "ack", received: 300 }, "0192 000000000000012c"],
  [{ type: "credit", connection: 5, bytes: 32_768 }, "0193 00000005 00008000"],
];

describe("link messages", () => {
  test.each(vectors)("%o is on the wire as documented", (message, hex) => {
    const payload = encodeLinkFrame(message).subarray(16, -1);
    expect(Buffer.from(payload).toString("hex")).toBe(hex.replaceAll(" ", ""));
    expect(decodeLinkMessage(payload)).toEqual(message);
    expect(isSequenced(0, payload)).toBe(message.type === "credit");
    expect(() => decodeLinkMessage(payload.subarray(0, -1))).toThrow("bytes of");
  });

  test("another version is refused", () => {
    const payload = Buffer.from(encodeLinkFrame(vectors[0]?.[0] as LinkMessage)).subarray(16, -1);
    payload[2] = 9;
    expect(() => decodeLinkMessage(payload)).toThrow("version 9");
  });
});

describe("requests to open", () => {
  test.each([
    [{ kind: "target", host: "db.internal", port: 5432 } as const, "0000000b 64622e696e7465726e616c 1538"],
    [
      { kind: "service", service: "listen", parameters: { port: 1 } } as const,
      `01${Buffer.from('{"service":"listen","port":1}').toString("hex")}`,
    ],
  ])("%o", (request, hex) => {
    const data = encodeOpenRequest(request);
    expect(Buffer.from(data).toString("hex")).toBe(hex.replaceAll(" ", ""));
    expect(decodeOpenRequest(data)).toEqual(request);
  });

  test.each(["01ff", "015b5d", "017b7d", ""])("%s is refused", (hex) => {
    expect(() => decodeOpenRequest(Buffer.from(hex, "hex"))).toThrow();
  });
});

test("a replay buffer keeps what is not acknowledged and sends it again after a rewind", () => {
  const replay = new ReplayBuffer(1 << 20);
  const frames = Array.from({ length: 5000 }, (_, index) => Uint8Array.of(index & 255));
  for (const frame of frames) replay.push(frame);
  for (let count = 0; count < 4000; count += 1) replay.takeUnsent();
  replay.acknowledge(3000);
  replay.rewind();
  expect(replay.takeUnsent()).toBe(frames[3000]);
  expect(() => replay.acknowledge(2999)).toThrow("frames");
  expect(() => replay.acknowledge(3002)).toThrow("frames");
  while (replay.takeUnsent() !== undefined);
  replay.acknowledge(5000);
  expect(replay.bytes).toBe(0);
});

test("a receive window grows while it is what limits the sender, within the budget", () => {
  const budget = { remainingBytes: 100_000 };
  const window = new ReceiveWindow(budget, 0);
  expect(window.consumed(32_768, 10, 50)).toBe(32_768 + 65_536);
  expect(budget.remainingBytes).toBe(34_464);
  expect(window.consumed(65_536, 20, 50)).toBe(65_536);
  expect(window.consumed(65_536, 5000, 50)).toBe(65_536);
  window.close();
  expect(budget.remainingBytes).toBe(100_000);
});
