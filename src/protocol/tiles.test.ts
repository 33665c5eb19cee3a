import { describe, expect, test } from "vitest";
import { tilesVector, vectorBytes, type WireVector } from "../../test/fixtures/wire-vectors.ts";
import { ProtocolError } from "../base/index.ts";
import {
  copySource,
  decodePicture,
  encodePicture,
  type Picture,
  readTiles,
  tileHeaderBytes,
  writeTileHeader,
} from "./index.ts";

const picture = (vector: WireVector<Picture>): Picture => decodePicture(vectorBytes(vector));
const withPayload = (payload: Uint8Array): Picture => ({ ...tilesVector.value, payload });
const payload = tilesVector.value.payload;

describe("tiles", () => {
  test("golden vector", () => {
    expect(picture(tilesVector)).toEqual(tilesVector.value);
    expect(encodePicture(tilesVector.value, payload)).toEqual(vectorBytes(tilesVector));
    const tiles = readTiles(picture(tilesVector));
    expect(tiles.map(({ encoding }) => encoding)).toEqual(["lossless", "copy", "coarse"]);
    expect(tiles.map(({ rect }) => rect)).toEqual(tilesVector.value.rects);
    expect(tiles.map(({ body }) => [...body])).toEqual([[0xaa, 0xbb], [0x40, 0x00, 0x20, 0x01], [0xcc]]);
    expect(copySource(tiles[1] as never, tilesVector.value)).toEqual({ x: 64, y: 288, width: 100, height: 50 });
  });

  test("a header is written as it is read", () => {
    const written = new Uint8Array(payload.byteLength);
    let offset = 0;
    for (const { encoding, body } of readTiles(tilesVector.value)) {
      writeTileHeader(written, offset, encoding, body.byteLength);
      written.set(body, offset + tileHeaderBytes);
      offset += tileHeaderBytes + body.byteLength;
    }
    expect(written).toEqual(payload);
  });

  test("every prefix and every surplus is refused", () => {
    for (let length = 0; length < payload.byteLength; length += 1) {
      expect(() => readTiles(withPayload(payload.subarray(0, length))), `${length} bytes`).toThrow(ProtocolError);
    }
    expect(() => readTiles(withPayload(Uint8Array.of(...payload, 0)))).toThrow(ProtocolError);
  });

  test.each([
    ["an unknown encoding", 0, 3],
    ["a body longer than the picture", 4, 0xff],
    ["a copy from outside", 13, 0xff],
    ["a copy of another size", 8, 3],
  ])("%s is refused", (_what, offset, byte) => {
    const changed = Uint8Array.from(payload);
    changed[offset] = byte;
    expect(() => readTiles(withPayload(changed))).toThrow(ProtocolError);
  });

  test("a picture of another kind has none", () => {
    expect(() => readTiles({ ...tilesVector.value, kind: "jpeg" })).toThrow(TypeError);
  });
});
