import { expect, it } from "vitest";
import {
  encodeTerminalData,
  encodeTerminalMessage,
  MAX_TERMINAL_PIECE_BYTES,
  parseTerminalNotice,
  TerminalReader,
} from "./terminal.ts";

const RESIZE = { type: "resize", columns: 80, rows: 24 } as const;

function read(chunks: readonly Uint8Array[]): { data: string; messages: string[] } {
  const found = { data: "", messages: [] as string[] };
  const reader = new TerminalReader(
    (bytes) => (found.data += new TextDecoder().decode(bytes)),
    (text) => found.messages.push(text),
  );
  for (const chunk of chunks) reader.push(chunk);
  return found;
}

const STREAM = Buffer.concat([
  ...encodeTerminalData(new TextEncoder().encode("ls\r")),
  encodeTerminalMessage(RESIZE),
  Uint8Array.of(0, 0, 0, 0, 0),
  ...encodeTerminalData(new TextEncoder().encode("exit\r")),
]);

it("has the layout that is documented", () => {
  expect(encodeTerminalData(Uint8Array.of(0x6c, 0x73))).toEqual([Uint8Array.of(0, 0, 0, 0, 2, 0x6c, 0x73)]);
});

it("divides what is longer than a piece may be", () => {
  const pieces = encodeTerminalData(new Uint8Array(MAX_TERMINAL_PIECE_BYTES + 3).fill(0x61));
  expect(pieces.map(({ length }) => length)).toEqual([MAX_TERMINAL_PIECE_BYTES + 5, 8]);
  expect(read(pieces).data).toHaveLength(MAX_TERMINAL_PIECE_BYTES + 3);
});

it.each([1, 2, 3, 7, 1000])("reads a stream cut every %d bytes", (size) => {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < STREAM.length; at += size) chunks.push(STREAM.subarray(at, at + size));
  expect(read(chunks)).toEqual({ data: "ls\rexit\r", messages: [JSON.stringify(RESIZE)] });
});

it("refuses pieces of an unknown kind and pieces that are too large", () => {
  expect(() => read([Uint8Array.of(7, 0, 0, 0, 1, 0)])).toThrow(/unknown kind 7/);
  const large = new Uint8Array(5);
  new DataView(large.buffer).setUint32(1, MAX_TERMINAL_PIECE_BYTES + 1);
  expect(() => read([large])).toThrow(/65537 bytes/);
});

it("refuses messages that make no sense", () => {
  expect(() => parseTerminalNotice('{"type":"prompts"}')).toThrow(/terminal notice is wrong/);
});
