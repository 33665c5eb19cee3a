import { expect, test } from "vitest";
import { noWayError } from "./no-way.ts";

const TURN = ["stun:stun.example:3478", "turn:ana:s3cret@turn.example:3478"];

test.each([
  ["no server", { iceServers: [], hasRelay: false, relayOnly: false }, "ice", /^No way was found by UDP\.$/],
  ["a TURN server that works", { iceServers: TURN, hasRelay: true, relayOnly: true }, "ice", /UDP\.$/],
  [
    "a TURN server that refuses",
    { iceServers: TURN, hasRelay: false, relayOnly: false },
    "turn",
    /turn\.example:3478 gave/,
  ],
  ["TURN alone and none named", { iceServers: [], hasRelay: false, relayOnly: true }, "turn", /names no TURN server/],
])("with %s the reason says so, and no password", (_what, search, kind, text) => {
  const error = noWayError({ ...search, answer: "401 Unauthorized" });
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(text);
  expect(error.message).not.toMatch(/s3cret|ana/);
});
