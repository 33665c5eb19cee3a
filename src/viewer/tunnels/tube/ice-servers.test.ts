import { expect, it } from "vitest";
import { iceServerOf } from "./ice-servers.ts";

it.each([
  ["stun:stun.example:3478", { urls: "stun:stun.example:3478" }],
  ["turn:ana:s%40cret@turn.example:3478", { urls: "turn:turn.example:3478", username: "ana", credential: "s@cret" }],
  [
    "turns:ana:secret@turn.example:443?transport=tcp",
    { urls: "turns:turn.example:443?transport=tcp", username: "ana", credential: "secret" },
  ],
])("reads %s", (text, server) => {
  expect(iceServerOf(text)).toEqual(server);
});
