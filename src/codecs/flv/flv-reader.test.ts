import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinBytes, splitBytes } from "../../../test/support/made-jpeg.ts";
import { ProtocolError } from "../../base/index.ts";
import { type FlvAccessUnit, FlvReader } from "./index.ts";

const FILE_HEADER = Uint8Array.of(0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0);
/** One SPS of two bytes and one PPS of one. */
const CONFIGURATION = [1, 66, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68];

function tag(type: number, timestampMs: number, body: readonly number[]): Uint8Array {
  const three = (value: number): number[] => [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  const size = body.length + 11;
  const time = [...three(timestampMs), (timestampMs >>> 24) & 255];
  return Uint8Array.from([type, ...three(body.length), ...time, 0, 0, 0, ...body, 0, ...three(size)]);
}

function video(timestampMs: number, keyframe: boolean, nals: readonly (readonly number[])[]): Uint8Array {
  const payload = nals.flatMap((nal) => [0, 0, nal.length >> 8, nal.length & 255, ...nal]);
  return tag(9, timestampMs, [keyframe ? 0x17 : 0x27, 1, 0, 0, 0, ...payload]);
}

function read(chunks: readonly Uint8Array[]) {
  const units: FlvAccessUnit[] = [];
  const sets: number[][] = [];
  const reader = new FlvReader({
    onAccessUnit: (unit) => units.push(unit),
    onParameterSets: (each) => sets.push([...each]),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { units, sets };
}

describe("FLV", () => {
  it("gives the same access units however it is cut, and skips other tags", () => {
    const nal = fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 300 });
    const unit = fc.record({ keyframe: fc.boolean(), nals: fc.array(nal, { minLength: 1, maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (plans, cuts) => {
        const tags = plans.map(({ keyframe, nals }, index) => video(index * 40, keyframe, nals));
        const configuration = tag(9, 0, [0x17, 0, 0, 0, 0, ...CONFIGURATION]);
        const stream = joinBytes([FILE_HEADER, tag(18, 0, [1, 2, 3]), tag(8, 0, []), configuration, ...tags]);
        const { units, sets } = read(splitBytes(stream, cuts));
        expect(sets).toEqual([[0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x68]]);
        expect(units.map(({ data, keyframe, timestampMs }) => ({ data: [...data], keyframe, timestampMs }))).toEqual(
          plans.map(({ keyframe, nals }, index) => ({
            data: nals.flatMap((each) => [0, 0, 0, 1, ...each]),
            keyframe,
            timestampMs: index * 40,
          })),
        );
      }),
    );
  });

  it("delivers an access unit with its last byte, and keeps its clock when the time wraps", () => {
    const last = video(0x7fff_fff0, true, [[0x65]]);
    const { units } = read([FILE_HEADER, last, video(0x8000_0010 | 0, false, [[0x41]]).subarray(0, -4)]);
    expect(units.map(({ timestampMs }) => timestampMs)).toEqual([0x7fff_fff0, 0x8000_0010]);
    const wrapped = read([FILE_HEADER, last, video(-16, false, [[0x41]]), video(24, false, [[0x41]])]).units;
    expect((wrapped[2]?.timestampMs ?? 0) - (wrapped[1]?.timestampMs ?? 0)).toBe(40);
  });

  it("refuses what is no FLV, no H.264, or cut off", () => {
    for (const stream of [
      Uint8Array.from(FILE_HEADER).fill(1, 0, 1),
      joinBytes([FILE_HEADER, tag(9, 0, [0x12, 0, 0, 0, 0])]),
      joinBytes([FILE_HEADER, tag(9, 0, [0x17, 1, 0, 0, 0, 0, 0, 0, 9, 1])]),
      joinBytes([FILE_HEADER, tag(9, 0, [0x17, 0, 0, 0, 0, 1, 66])]),
    ]) {
      expect(() => read([stream])).toThrow(ProtocolError);
    }
  });
});
