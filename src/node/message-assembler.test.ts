import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_CLOSE_BYTES, MessageAssembler, PipedKind, pipedHeader } from "./message-assembler.ts";

const LIMITS = { maxTextBytes: 100, maxBinaryBytes: 1000 };

function collect(): { assembler: MessageAssembler; received: [number, string][] } {
  const received: [number, string][] = [];
  const assembler = new MessageAssembler(LIMITS, (kind, body) => received.push([kind, body.toString("latin1")]));
  return { assembler, received };
}

test("messages come out whole and in order, however the stream is cut", () => {
  const message = fc.record({
    kind: fc.constantFrom(PipedKind.text, PipedKind.binary),
    body: fc.string({ maxLength: 60, unit: "binary-ascii" }),
  });
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (messages, cuts) => {
      const stream = Buffer.concat(
        messages.flatMap(({ kind, body }) => [pipedHeader(kind, body.length), Buffer.from(body, "latin1")]),
      );
      const { assembler, received } = collect();
      let offset = 0;
      for (let index = 0; offset < stream.length; index += 1) {
        const end = offset + (cuts[index % cuts.length] as number);
        assembler.push(stream.subarray(offset, end));
        offset = end;
      }
      expect(received).toEqual(messages.map(({ kind, body }) => [kind, body]));
    }),
  );
});

test("a body inside one chunk is a view of it, not a copy", () => {
  const bodies: Buffer[] = [];
  const assembler = new MessageAssembler(LIMITS, (_kind, body) => bodies.push(body));
  const chunk = Buffer.concat([pipedHeader(PipedKind.binary, 3), Buffer.from([1, 2, 3])]);
  assembler.push(chunk);
  expect(bodies[0]?.buffer).toBe(chunk.buffer);
});

test("a length over the limit of its kind is refused before the body comes", () => {
  expect(() => collect().assembler.push(pipedHeader(PipedKind.text, 101))).toThrow("limit is 100");
  expect(() => collect().assembler.push(pipedHeader(PipedKind.binary, 1001))).toThrow("limit is 1000");
  expect(() => collect().assembler.push(pipedHeader(PipedKind.close, MAX_CLOSE_BYTES + 1))).toThrow("limit is");
  expect(() => collect().assembler.push(pipedHeader(PipedKind.binary, 0xffffffff))).toThrow("limit is 1000");
  expect(() => collect().assembler.push(pipedHeader(7, 0))).toThrow("unknown kind 7");
});
