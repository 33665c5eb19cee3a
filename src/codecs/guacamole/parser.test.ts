import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../base/index.ts";
import { encodeInstruction, type GuacamoleLimits, GuacamoleParser } from "./index.ts";

type Instruction = readonly string[];
const utf8 = new TextEncoder();

/** The instructions read from chunks, then "more" when something is kept, or the code of the error. */
function parse(
  chunks: ReadonlyArray<string | Uint8Array>,
  limits?: Partial<GuacamoleLimits>,
): Array<Instruction | string> {
  const read: Array<Instruction | string> = [];
  const parser = new GuacamoleParser((opcode, args) => read.push([opcode, ...args]), limits);
  try {
    for (const chunk of chunks) {
      if (typeof chunk === "string") parser.pushText(chunk);
      else parser.pushBytes(chunk);
    }
    parser.finish();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    read.push(error.code === "truncated" ? "more" : error.code);
  }
  return read;
}

/** Text and its bytes, whole, doubled in size by filler (so that bulk reading is used) and one unit at a time. */
function parseEveryWay(text: string, limits?: Partial<GuacamoleLimits>): Array<Instruction | string> {
  const expected = parse([text], limits);
  const bytes = utf8.encode(text);
  expect(parse([bytes], limits)).toEqual(expected);
  expect(parse([...text], limits)).toEqual(expected);
  expect(
    parse(
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
      limits,
    ),
  ).toEqual(expected);
  const filler = "4.fill;".repeat(20);
  const fillers = new Array(20).fill(["fill"]);
  expect(parse([filler + text], limits)).toEqual([...fillers, ...expected]);
  expect(parse([utf8.encode(filler + text)], limits)).toEqual([...fillers, ...expected]);
  return expected;
}

const accepted: ReadonlyArray<readonly [string, readonly Instruction[]]> = [
  ["0.;", [[""]]],
  ["0.,1.a;", [["", "a"]]],
  ["1.x,0.,1.y;", [["x", "", "y"]]],
  ["4.test,0.,0.,0.;", [["test", "", "", ""]]],
  ["5.audio,20.audio/L16;rate=44100;", [["audio", "audio/L16;rate=44100"]]],
  ["3.log,5.a;b,c;", [["log", "a;b,c"]]],
  ["8.!@#$%^&*;", [["!@#$%^&*"]]],
  ["0002.op;", [["op"]]],
  ["4.sync,3.123,5.hello;", [["sync", "123", "hello"]]],
  ["4.name,16.国際・科学の記事一覧 - goo;", [["name", "国際・科学の記事一覧 - goo"]]],
  ["4.test,4.🌍🎉🚀💻;", [["test", "🌍🎉🚀💻"]]],
  ["4.test,13.Hello世界测试123🌍;", [["test", "Hello世界测试123🌍"]]],
  ["4.test,15.Hello 世界 🌍 café;", [["test", "Hello 世界 🌍 café"]]],
  ["1.\u0000,2.\u0000a,2.00,3.007,4.0123,4.9999;", [["\u0000", "\u0000a", "00", "007", "0123", "9999"]]],
  ["1.\ufeff,1.\uffff,1.\ud7ff,1.\ue000,1.\u{10ffff};", [["\ufeff", "\uffff", "\ud7ff", "\ue000", "\u{10ffff}"]]],
  [
    "5.error,2.no,3.519;4.size,1.0,4.1024,3.768;4.sync,10.1699999999;",
    [
      ["error", "no", "519"],
      ["size", "0", "1024", "768"],
      ["sync", "1699999999"],
    ],
  ],
];

const refused: ReadonlyArray<readonly [string, string]> = [
  [";", "malformed"],
  ["opcode;", "malformed"],
  ["abcdef", "malformed"],
  ["2.op,;", "malformed"],
  ["4.test,3.abc!", "malformed"],
  ["4.test,7.invalidA", "malformed"],
  ["4.size,3.arg1,1.X,1.", "malformed"],
  ["4.size,A.1024;", "malformed"],
  ["4.test,5value;", "malformed"],
  [" 2.op;", "malformed"],
  [".op;", "malformed"],
  ["+2.op;", "malformed"],
  ["-1.op;", "malformed"],
  ["2.op\n;", "malformed"],
  ["é.x;", "malformed"],
  ["1000001.a;", "too-large"],
  ["1000001", "too-large"],
  ["99999999999999999999.a;", "too-large"],
  ["00000000001.a;", "too-large"],
];

describe("GuacamoleParser", () => {
  it.each(accepted)("reads %j", (text, instructions) => {
    expect(parseEveryWay(text)).toEqual(instructions);
  });

  it.each(refused)("refuses %j as %s", (text, code) => {
    expect(parseEveryWay(text)).toEqual([code]);
  });

  it.each(["", "2.", "2.op", "2.op,", "10.opcode;", "2.op,10.arg;", "2.op,5.café;", "4.test,2.🌍"])(
    "waits for more behind %j",
    (text) => {
      expect(parseEveryWay(text)).toEqual(text === "" ? [] : ["more"]);
    },
  );

  it("hands out what is whole before it waits or fails", () => {
    expect(parseEveryWay("4.argv,3.abc;4.blob,1.3,4.QUJD;3.")).toEqual([
      ["argv", "abc"],
      ["blob", "3", "QUJD"],
      "more",
    ]);
    expect(parseEveryWay("4.argv,3.abc;x")).toEqual([["argv", "abc"], "malformed"]);
  });

  it("reads split deliveries", () => {
    expect(parse(["4.te", "st,", "11.instruction;"])).toEqual([["test", "instruction"]]);
    expect(parse(["4.sync,3.123", ",5.hello;"])).toEqual([["sync", "123", "hello"]]);
    expect(parse(["", "4.test", "", ";"])).toEqual([["test"]]);
    expect(parse([utf8.encode("4.te"), "st,1.a;"])).toEqual([["test", "a"]]);
  });

  it("reads long opcodes and values, and many arguments", () => {
    const long = "x".repeat(10_000);
    const names = Array.from({ length: 39 }, (_, index) => `name-${index}`);
    for (const instruction of [
      ["o".repeat(1000)],
      ["test", long],
      ["test", "é".repeat(1000), "🌍".repeat(500)],
      ["args", ...names],
    ]) {
      const [opcode = "", ...args] = instruction;
      expect(parseEveryWay(encodeInstruction(opcode, args))).toEqual([instruction]);
    }
    for (const length of [16, 36, 64, 128]) {
      expect(parseEveryWay(encodeInstruction("test", [long.slice(0, length)]))).toEqual([
        ["test", long.slice(0, length)],
      ]);
    }
  });

  const wrongBytes: ReadonlyArray<readonly [string, readonly number[]]> = [
    ["a wrong continuation", [0xc3, 0x28]],
    ["a lone continuation", [0x80]],
    ["an overlong null", [0xc0, 0x80]],
    ["an overlong slash of three bytes", [0xe0, 0x80, 0xaf]],
    ["an overlong form of four bytes", [0xf0, 0x80, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a value above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a lead of five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ["a lead above F4", [0xf5, 0x90, 0x80, 0x80]],
    ["a cut character in the middle", [0xe5, 0x9b, 0x41]],
    ["FF", [0xff]],
  ];
  it.each(wrongBytes)("refuses %s", (_, wrong) => {
    for (const filled of ["", "x".repeat(40)]) {
      const head = `4.test,${filled.length + 2}.${filled}`;
      const bytes = Uint8Array.from([...utf8.encode(head), ...wrong, ...utf8.encode("abcdefgh;".repeat(9))]);
      const bulk = Uint8Array.from([...utf8.encode("4.fill;".repeat(20)), ...bytes]);
      expect(parse([bytes])).toEqual(["malformed"]);
      expect(parse([bulk]).at(-1)).toEqual("malformed");
      expect(parse(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(["malformed"]);
    }
    expect(parse([Uint8Array.from(wrong)])).toEqual(["malformed"]);
  });

  it("waits for the rest of a cut character", () => {
    expect(parse([Uint8Array.from([...utf8.encode("1."), 0xe5, 0x9b])])).toEqual(["more"]);
    expect(parse([Uint8Array.from([...utf8.encode("1."), 0xe5, 0x9b]), Uint8Array.of(0xbd, 0x3b)])).toEqual([["国"]]);
  });

  it("refuses half a surrogate pair in text, but not a pair that is cut", () => {
    for (const text of ["1.\ud83c;", "2.\ud83cx;", "1.\udf0d;", "2.\udf0d\ud83c;"])
      expect(parse([text])).toEqual(["malformed"]);
    expect(parse(["1.\ud83c", "\udf0d;"])).toEqual([["🌍"]]);
  });

  it("refuses text behind bytes that end inside a character", () => {
    const parser = new GuacamoleParser(() => undefined);
    parser.pushBytes(Uint8Array.from([...utf8.encode("1."), 0xe5]));
    expect(() => parser.pushText("x")).toThrow(TypeError);
    parser.pushBytes(Uint8Array.of(0x9b, 0xbd, 0x3b));
    parser.finish();
  });

  it("keeps its limits", () => {
    const limits = { maxElementLength: 5, maxElements: 3, maxInstructionLength: 16 };
    expect(parseEveryWay("1.a,5.12345;", limits)).toEqual([["a", "12345"]]);
    expect(parseEveryWay("1.a,6.123456;", limits)).toEqual(["too-large"]);
    expect(parseEveryWay("1.a,1.b,1.c;", limits)).toEqual([["a", "b", "c"]]);
    expect(parseEveryWay("1.a,1.b,1.c,1.d;", limits)).toEqual(["too-large"]);
    expect(parseEveryWay("5.12345,5.1234567;", limits)).toEqual(["malformed"]);
    expect(parseEveryWay("5.12345,5.12345;", limits)).toEqual([["12345", "12345"]]);
    expect(parseEveryWay("5.12345,5.12345,", limits)).toEqual(["more"]);
    expect(parseEveryWay("5.12345,5.12345,0", limits)).toEqual(["more"]);
    expect(parseEveryWay("5.12345,5.12345,0.;", limits)).toEqual(["too-large"]);
  });

  it("says what is wrong and where", () => {
    const errorOf = (text: string): string => {
      const parser = new GuacamoleParser(() => undefined);
      try {
        parser.pushText(text);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(errorOf("4.test,3.abc!")).toBe(
      'A Guacamole instruction "test" has "!" instead of "," or ";" behind element 1.',
    );
    expect(errorOf("4.size,A.1;")).toBe(
      'A Guacamole instruction "size" has "A" at the start of the length of element 1.',
    );
    expect(errorOf("4x")).toBe('A Guacamole instruction has "x" in the length of element 0.');
  });

  it("fails until it is reset", () => {
    const read: string[] = [];
    const parser = new GuacamoleParser((opcode) => read.push(opcode));
    expect(() => parser.pushText("x")).toThrow(ProtocolError);
    expect(() => parser.pushText("1.a;")).toThrow(ProtocolError);
    expect(() => parser.pushBytes(utf8.encode("1.a;"))).toThrow(ProtocolError);
    expect(() => parser.finish()).toThrow(ProtocolError);
    parser.reset();
    parser.pushText("1.b;2.");
    parser.reset();
    parser.pushText("1.c;");
    parser.finish();
    expect(read).toEqual(["b", "c"]);
  });

  it("refuses to be used inside its handler, or after the handler threw", () => {
    const parser = new GuacamoleParser((opcode) => {
      if (opcode === "again") parser.pushText("1.a;");
      throw new Error("from the handler");
    });
    expect(() => parser.pushText("5.again;")).toThrow(TypeError);
    parser.reset();
    expect(() => parser.pushText("1.x;")).toThrow("from the handler");
    expect(() => parser.pushText("1.x;")).toThrow(TypeError);
    parser.reset();
    parser.finish();
  });

  it("reads the lengths of emoji on which guacamole-common-js 1.5.0 fails", () => {
    const common = createRequire(import.meta.url)("guacamole-common-js") as {
      Parser: new () => { receive(text: string): void };
    };
    const mixed = encodeInstruction("test", ["Hello 世界 🌍 café"]);
    expect(mixed).toBe("4.test,15.Hello 世界 🌍 café;");
    expect(() => new common.Parser().receive(mixed)).toThrow("Illegal terminator.");
    expect(parseEveryWay(mixed)).toEqual([["test", "Hello 世界 🌍 café"]]);
  });
});

const element = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.integer({ min: -99_999, max: 99_999 }).map(String),
  fc.constantFrom("", "sync", "copy", "🌍🎉", "café", "x".repeat(300), "国".repeat(50)),
);
const instruction = fc.tuple(element, fc.array(element, { maxLength: 6 }));

function cutAt<T extends string | Uint8Array>(whole: T, cuts: readonly number[]): T[] {
  const edges = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return edges.slice(1).map((edge, index) => whole.slice(edges[index], edge) as T);
}

describe("GuacamoleParser and encodeInstruction", () => {
  it("give back what was encoded, however it is cut", () => {
    const property = fc.property(
      fc.array(instruction, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (all, cuts) => {
        const text = all.map(([opcode, args]) => encodeInstruction(opcode, args)).join("");
        const expected = all.map(([opcode, args]) => [opcode, ...args]);
        expect(parse(cutAt(text, cuts))).toEqual(expected);
        expect(parse(cutAt(utf8.encode(text), cuts))).toEqual(expected);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it("read bytes as they read the same text, right or wrong", () => {
    const noise = fc.oneof(
      instruction.map(([opcode, args]) => encodeInstruction(opcode, args)),
      fc.constantFrom(";", ",", ".", "3", "12.", "1.a", "🌍", "é"),
    );
    const property = fc.property(
      fc.array(noise, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (pieces, cuts) => {
        const text = pieces.join("");
        const expected = parse([text]);
        expect(parse([utf8.encode(text)])).toEqual(expected);
        expect(parse(cutAt(text, cuts))).toEqual(expected);
        expect(parse(cutAt(utf8.encode(text), cuts))).toEqual(expected);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it("throw nothing but ProtocolError whatever arrives", () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .array(fc.constantFrom(0x30, 0x31, 0x32, 0x2e, 0x2c, 0x3b, 0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x8c, 0x8d))
        .map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => void parse(chunks)),
      { numRuns: 1000 },
    );
    fc.assert(fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 8 }), (chunks) => void parse(chunks)));
  });

  it("agree that every cut of a valid stream waits for more", () => {
    const bytes = utf8.encode(encodeInstruction("name", ["国際🌍", "", "12345"]));
    for (let length = 1; length < bytes.length; length += 1)
      expect(parse([bytes.subarray(0, length)])).toEqual(["more"]);
  });
});

describe("encodeInstruction", () => {
  it("counts code points", () => {
    expect(encodeInstruction("sync")).toBe("4.sync;");
    expect(encodeInstruction("", ["", "🌍é"])).toBe("0.,0.,2.🌍é;");
  });

  it("refuses half a surrogate pair", () => {
    for (const wrong of ["\ud83c", "a\udf0d", "\ud83cx", "\udf0d\ud83c"]) {
      expect(() => encodeInstruction("x", [wrong])).toThrow(TypeError);
    }
  });
});
