import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../base/index.ts";
import { rewriteAccessUnit } from "./low-delay.ts";
import { addEmulationPrevention, nalUnits } from "./nal.ts";
import { parseSps } from "./sps.ts";

const SPS = Buffer.from("6742c028da01e0089f970110000003001000000303c8f1832a", "hex");

describe("nalUnits", () => {
  test("finds units behind long and short start codes and leaves trailing zeros out", () => {
    const stream = Uint8Array.of(9, 0, 0, 0, 1, 0x67, 5, 0, 0, 1, 0x68, 6, 0, 0, 0, 0, 1, 0x65, 0, 7, 0, 0);
    expect(nalUnits(stream)).toEqual([
      { type: 7, start: 5, end: 7 },
      { type: 8, start: 10, end: 12 },
      { type: 5, start: 17, end: 20 },
    ]);
  });

  test("finds nothing where there is no start code", () => {
    for (const bytes of [[], [1], [0, 0], [0, 0, 1], [0, 0, 2, 0x67], [0, 1, 0x67]]) {
      expect(nalUnits(Uint8Array.from(bytes))).toEqual([]);
    }
  });

  test("gives back any units that were joined", () => {
    const payload = fc
      .array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 })
      .map((bytes) => [0x65, ...addEmulationPrevention(Uint8Array.of(...bytes, 0x80))]);
    fc.assert(
      fc.property(fc.array(fc.tuple(payload, fc.integer({ min: 2, max: 5 })), { maxLength: 8 }), (units) => {
        const stream = Uint8Array.from(units.flatMap(([unit, zeros]) => [...new Array(zeros).fill(0), 1, ...unit]));
        const found = nalUnits(stream).map(({ start, end }) => [...stream.subarray(start, end)]);
        expect(found).toEqual(units.map(([unit]) => unit));
      }),
    );
  });
});

describe("rewriteAccessUnit", () => {
  test("replaces the SPS and copies everything else", () => {
    const before = Uint8Array.of(0, 0, 0, 1, 9, 16, 0, 0, 0, 1, ...SPS, 0, 0, 0, 1, 0x68, 1, 2, 0, 0, 1, 0x65, 3, 4);
    const { data, sps } = rewriteAccessUnit(before, 51);
    const units = nalUnits(data);
    expect(units.map(({ type }) => type)).toEqual([9, 7, 8, 5]);
    const written = units[1];
    expect(parseSps(data.subarray(written?.start, written?.end))).toEqual(sps);
    expect(sps.levelIdc).toBe(51);
    expect([...data.subarray(0, 10)]).toEqual([...before.subarray(0, 10)]);
    expect([...data.subarray(written?.end)]).toEqual([...before.subarray(10 + SPS.length)]);
  });

  test("refuses an access unit without one", () => {
    expect(() => rewriteAccessUnit(Uint8Array.of(0, 0, 1, 0x65, 1), 42)).toThrow(ProtocolError);
  });
});
