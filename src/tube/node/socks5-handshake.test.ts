import { describe, expect, test } from "vitest";
import { Socks5Handshake } from "./socks5-handshake.ts";
import { addressBytes, addressText, decodeSocksDatagram, encodeSocksDatagram } from "./udp-packet.ts";

const name = [...Buffer.from("db.internal")];
const GREETING = [5, 1, 0];
const CONNECT = [5, 1, 0, 3, name.length, ...name, 0x15, 0x38];

/** Feeds a handshake byte by byte, as a network may. */
function feed(handshake: Socks5Handshake, bytes: readonly number[]) {
  return bytes.flatMap((byte) => handshake.push(Uint8Array.of(byte)));
}

describe("a SOCKS5 handshake", () => {
  test("reads a request that is cut anywhere, and leaves what is behind it", () => {
    const handshake = new Socks5Handshake(undefined);
    expect(feed(handshake, [...GREETING, ...CONNECT])).toEqual([
      { type: "answer", bytes: Uint8Array.of(5, 0) },
      { type: "request", request: { command: "connect", host: "db.internal", port: 5432 }, rest: new Uint8Array(0) },
    ]);
    const whole = new Socks5Handshake(undefined).push(Uint8Array.from([...GREETING, ...CONNECT, 1, 2]));
    expect(whole[1]).toMatchObject({ rest: Uint8Array.of(1, 2) });
  });

  test("asks for user and password where they are set", () => {
    const credentials = { user: "me", password: "it" };
    const login = [1, 2, 109, 101, 2, 105, 116];
    expect(feed(new Socks5Handshake(credentials), [5, 2, 0, 2, ...login])).toEqual([
      { type: "answer", bytes: Uint8Array.of(5, 2) },
      { type: "answer", bytes: Uint8Array.of(1, 0) },
    ]);
    expect(feed(new Socks5Handshake(credentials), [5, 1, 2, ...login.with(6, 0)]).at(-1)).toMatchObject({
      type: "refuse",
      bytes: Uint8Array.of(1, 1),
    });
  });

  test.each([
    ["SOCKS4", [4, 1], [5, 255]],
    ["only methods that are not accepted", [5, 1, 2], [5, 255]],
    ["BIND", [...GREETING, 5, 2, 0, 1], [5, 7, 0, 1, 0, 0, 0, 0, 0, 0]],
    ["an address type 2", [...GREETING, 5, 1, 0, 2], [5, 8, 0, 1, 0, 0, 0, 0, 0, 0]],
    ["a request of another version", [...GREETING, 4, 1, 0, 1], [5, 1, 0, 1, 0, 0, 0, 0, 0, 0]],
  ])("refuses %s", (_what, bytes, answer) => {
    const step = feed(new Socks5Handshake(undefined), bytes).at(-1);
    expect(step).toMatchObject({ type: "refuse", bytes: Uint8Array.from(answer) });
  });
});

test.each(["1.2.3.4", "::1", "2001:db8::ff00:42:8329", "::ffff:c000:201"])("%s survives as bytes", (address) => {
  expect(addressText(addressBytes(address))).toBe(address);
});

test("a UDP packet has its header, and a fragment is dropped", () => {
  const packet = encodeSocksDatagram({ host: "1.2.3.4", port: 53, payload: Uint8Array.of(9) });
  expect([...packet]).toEqual([0, 0, 0, 1, 1, 2, 3, 4, 0, 53, 9]);
  expect(decodeSocksDatagram(packet)).toEqual({ host: "1.2.3.4", port: 53, payload: Uint8Array.of(9) });
  expect(decodeSocksDatagram(packet.with(2, 1))).toBeUndefined();
  expect(() => decodeSocksDatagram(packet.subarray(0, 6))).toThrow("no address");
});
