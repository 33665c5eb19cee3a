import { createRequire } from "node:module";
import { encodeInstruction, GuacamoleParser } from "../../src/codecs/guacamole/index.ts";
import { cell, checksum, digits, line, type Measured, measureAll, type Row, verify } from "./measure.ts";

/** guacamole-common-js 1.5.0, as far as it is needed here. */
type CommonParser = {
  receive(packet: string): void;
  oninstruction: ((opcode: string, parameters: string[]) => void) | null;
};
const common = createRequire(import.meta.url)("guacamole-common-js") as { Parser: new () => CommonParser };

/** The texts of the recorded figures; each goes as `4.test,N.<text>;`. */
const TEXTS = {
  ASCII: "hello world test",
  French: "café français résumé",
  German: "Müller Größe Übung",
  Japanese: "国際・科学の記事",
  Chinese: "中文测试内容",
  Mixed: "Hello 世界 🌍 café",
} as const;
type TextName = keyof typeof TEXTS;
const TEXT_NAMES = Object.keys(TEXTS) as TextName[];

/** Rust, release build, recorded on a machine of the same kind: ns per instruction. */
const RUST_PEEK = [13.4, 53.7, 46.6, 25.7, 20.3, 44.3];
const RUST_STRINGS = [46, 100, 93, 64, 58, 87];
const RUST_COPY_PEEK = { "1 KB": 241, "8 KB": 1492, "64 KB": 10_424 } as const;

const STREAM_SIZES = { "1 KB": 1024, "8 KB": 8192, "64 KB": 65_536 } as const;
const STREAMS = {
  copy: ["copy", "-2", "0", "0", "64", "64", "14", "0", "128", "256"],
  sync: ["sync", "1699999999"],
  mouse: ["mouse", "1024", "768", "1", "1699999999"],
  "blob 4000": ["blob", "1", "QUJD".repeat(1000)],
  French: ["test", TEXTS.French],
  Japanese: ["test", TEXTS.Japanese],
  Mixed: ["test", TEXTS.Mixed],
} as const;
type StreamName = keyof typeof STREAMS;
const STREAM_NAMES = Object.keys(STREAMS) as StreamName[];

// A kept parser of 1.5.0 never drops packets that end with an instruction, and slows down with every one of them.
const RENEW_EVERY = 64;

const encoder = new TextEncoder();
const commonDecoder = new TextDecoder("utf-8", { fatal: true });

/** What 1.5.0 can read: it takes lengths for UTF-16 units. */
function encodeForCommon(elements: readonly string[]): string {
  return `${elements.map((element) => `${element.length}.${element}`).join(",")};`;
}

function encodeElements(elements: readonly string[]): string {
  return encodeInstruction(elements[0] as string, elements.slice(1));
}

/** Uses every string that a parser made. */
class Consumer {
  sum = 0;
  /** What was read, where it is to be compared. */
  seen: string[][] | undefined;
  readonly take = (opcode: string, args: readonly string[]): void => {
    this.seen?.push([opcode, ...args]);
    let sum = opcode.length;
    for (let index = 0; index < args.length; index += 1) sum += (args[index] as string).length;
    this.sum += sum;
  };
}

function oursFromText(text: string): Row["run"] {
  const consumer = new Consumer();
  const parser = new GuacamoleParser(consumer.take);
  return (count) => {
    for (let done = 0; done < count; done += 1) parser.pushText(text);
    return consumer.sum;
  };
}

function oursFromBytes(text: string): Row["run"] {
  const bytes = encoder.encode(text);
  const consumer = new Consumer();
  const parser = new GuacamoleParser(consumer.take);
  return (count) => {
    for (let done = 0; done < count; done += 1) parser.pushBytes(bytes);
    return consumer.sum;
  };
}

function commonParser(consumer: Consumer): CommonParser {
  const parser = new common.Parser();
  parser.oninstruction = consumer.take;
  return parser;
}

function theirsFromText(text: string, renewEvery: number): Row["run"] {
  const consumer = new Consumer();
  return (count) => {
    let parser = commonParser(consumer);
    for (let done = 0; done < count; done += 1) {
      if (done % renewEvery === 0) parser = commonParser(consumer);
      parser.receive(text);
    }
    return consumer.sum;
  };
}

function theirsFromBytes(text: string, renewEvery: number): Row["run"] {
  const bytes = encoder.encode(text);
  const consumer = new Consumer();
  return (count) => {
    let parser = commonParser(consumer);
    for (let done = 0; done < count; done += 1) {
      if (done % renewEvery === 0) parser = commonParser(consumer);
      parser.receive(commonDecoder.decode(bytes));
    }
    return consumer.sum;
  };
}

/** What no parser can go below: the platform's decoder alone, over the same bytes. */
function decoderAlone(text: string): Row["run"] {
  const bytes = encoder.encode(text);
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) sum += commonDecoder.decode(bytes).length;
    return sum;
  };
}

/** Cutting every string out of the text, at places that are known beforehand: what is left is the parsing. */
function stringsAlone(text: string, elements: readonly string[], instructions: number): Row["run"] {
  const places: number[] = [];
  for (let at = 0, left = instructions; left > 0; left -= 1) {
    for (const element of elements) {
      at = text.indexOf(".", at) + 1;
      places.push(at, at + element.length);
      at += element.length + 1;
    }
  }
  const consumer = new Consumer();
  const args = elements.slice(1);
  return (count) => {
    for (let done = 0; done < count; done += 1) {
      for (let place = 0; place < places.length; ) {
        const opcode = text.substring(places[place] as number, places[place + 1] as number);
        place += 2;
        for (let index = 0; index < args.length; index += 1, place += 2) {
          args[index] = text.substring(places[place] as number, places[place + 1] as number);
        }
        consumer.take(opcode, args);
      }
    }
    return consumer.sum;
  };
}

function repeated(instruction: string, size: number): { text: string; instructions: number } {
  const instructions = Math.max(1, Math.floor(size / encoder.encode(instruction).length));
  // As a socket gives it: in one piece, not a tree of repetitions.
  return { text: Buffer.from(instruction.repeat(instructions)).toString(), instructions };
}

/** Both parsers give the same strings, and each loop makes all of them. */
function verifyWork(): void {
  for (const elements of [...TEXT_NAMES.map((name) => ["test", TEXTS[name]]), ...Object.values(STREAMS)]) {
    const ours = new Consumer();
    ours.seen = [];
    const parser = new GuacamoleParser(ours.take);
    parser.pushText(encodeElements(elements));
    parser.pushBytes(encoder.encode(encodeElements(elements)));
    const theirs = new Consumer();
    theirs.seen = [];
    commonParser(theirs).receive(encodeForCommon(elements).repeat(2));
    verify("our parser", ours.seen, [elements, elements]);
    verify("guacamole-common-js", theirs.seen, ours.seen);
    const units = elements.join("").length;
    verify("our loop over bytes", oursFromBytes(encodeElements(elements))(5), units * 5);
    verify("our loop over text", oursFromText(encodeElements(elements))(5), units * 5);
    const instruction = encodeElements(elements);
    verify("the loop over known places", stringsAlone(instruction, elements, 1)(5), units * 5);
    verify("the decoder's loop", decoderAlone(instruction)(5), instruction.length * 5);
    verify("their loop", theirsFromBytes(encodeForCommon(elements), 2)(5), units * 5);
  }
}

const WAYS = ["text", "bytes"] as const;

function singleRows(name: TextName): Row[] {
  const elements = ["test", TEXTS[name]];
  const ours = encodeElements(elements);
  const theirs = encodeForCommon(elements);
  return [
    { name: `ours text ${name}`, run: oursFromText(ours) },
    { name: `ours bytes ${name}`, run: oursFromBytes(ours) },
    { name: `theirs text ${name}`, run: theirsFromText(theirs, RENEW_EVERY) },
    { name: `theirs bytes ${name}`, run: theirsFromBytes(theirs, RENEW_EVERY) },
    { name: `theirs new ${name}`, run: theirsFromText(theirs, 1) },
  ];
}

function streamRows(name: StreamName): Row[] {
  return Object.entries(STREAM_SIZES).flatMap(([size, bytes]) => {
    const { text: ours, instructions } = repeated(encodeElements(STREAMS[name]), bytes);
    const theirs = repeated(encodeForCommon(STREAMS[name]), bytes).text;
    return [
      { slice: 1, name: `ours text ${name} ${size}`, run: oursFromText(ours) },
      { slice: 1, name: `ours bytes ${name} ${size}`, run: oursFromBytes(ours) },
      { slice: 1, name: `floor text ${name} ${size}`, run: stringsAlone(ours, STREAMS[name], instructions) },
      { slice: 1, name: `floor bytes ${name} ${size}`, run: decoderAlone(ours) },
      { slice: 1, name: `theirs text ${name} ${size}`, run: theirsFromText(theirs, 1) },
      { slice: 1, name: `theirs bytes ${name} ${size}`, run: theirsFromBytes(theirs, 1) },
    ];
  });
}

function factor(ours: Measured | undefined, theirs: Measured | undefined): string {
  return ours === undefined || theirs === undefined
    ? "-"
    : `${(theirs.median / ours.median).toFixed(1)}x (${(theirs.p10 / ours.p10).toFixed(1)}x)`;
}

function printSingles(measured: Map<string, Measured>): void {
  console.log(line("one instruction a chunk", TEXT_NAMES, 20));
  const row = (label: string, cells: string[]): void => console.log(line(label, cells, 20));
  for (const way of WAYS) {
    const ours = TEXT_NAMES.map((name) => measured.get(`ours ${way} ${name}`));
    const theirs = TEXT_NAMES.map((name) => measured.get(`theirs ${way} ${name}`));
    row(`ours, ${way} in`, ours.map(cell));
    row(`guacamole-common-js, ${way} in, renewed every ${RENEW_EVERY}`, theirs.map(cell));
    row(
      "    faster by",
      ours.map((one, index) => factor(one, theirs[index])),
    );
  }
  const fresh = TEXT_NAMES.map((name) => measured.get(`theirs new ${name}`));
  row("guacamole-common-js, text in, new each time", fresh.map(cell));
  row(
    "    ours, text in, faster by",
    TEXT_NAMES.map((name, index) => factor(measured.get(`ours text ${name}`), fresh[index])),
  );
  row("Rust: strings made (recorded)", RUST_STRINGS.map(String));
  row("Rust: peek, no strings (recorded)", RUST_PEEK.map(String));
}

function perInstruction({ median, p10, p90 }: Measured, instructions: number): Measured {
  return { median: median / instructions, p10: p10 / instructions, p90: p90 / instructions };
}

function printStreams(measured: Map<string, Measured>): void {
  const sizes = Object.entries(STREAM_SIZES);
  const heads = WAYS.flatMap((way) => sizes.map(([size]) => `${way} ${size}`));
  console.log(`\n${line("full buffers", heads, 20)}`);
  for (const name of STREAM_NAMES) {
    const each = (who: "ours" | "theirs" | "floor"): Array<Measured | undefined> =>
      WAYS.flatMap((way) =>
        sizes.map(([size, bytes]) => {
          const encode = who === "theirs" ? encodeForCommon : encodeElements;
          const { instructions } = repeated(encode(STREAMS[name]), bytes);
          const one = measured.get(`${who} ${way} ${name} ${size}`);
          return one && perInstruction(one, instructions);
        }),
      );
    const ours = each("ours");
    const theirs = each("theirs");
    console.log(line(`${name}: ours`, ours.map(cell), 20));
    console.log(line("    cutting known strings; the decoder alone", each("floor").map(cell), 20));
    console.log(line(`${name}: guacamole-common-js`, theirs.map(cell), 20));
    console.log(
      line(
        "    faster by",
        ours.map((one, index) => factor(one, theirs[index])),
        14,
      ),
    );
  }
  const copies = Object.values(RUST_COPY_PEEK).map((ns) => digits(ns));
  console.log(line("copy: Rust, peek, no strings (recorded)", ["", "", "", ...copies], 20));
}

function main(): void {
  verifyWork();
  const measured = measureAll([...TEXT_NAMES.flatMap(singleRows), ...STREAM_NAMES.flatMap(streamRows)]);
  console.log("Guacamole, ns per instruction with all strings made: median (10th-90th percentile of 100 batches).");
  console.log(
    "Mixed is given to guacamole-common-js with wrong lengths, in UTF-16 units: it fails with the right ones.\n",
  );
  printSingles(measured);
  printStreams(measured);
  console.log(`\nNode ${process.version}, checksum ${checksum()}`);
}

main();
