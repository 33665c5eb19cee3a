/**
 * Many MJPEG clients in one process: `node mjpeg-crowd.js PORT PATH TOKEN COUNT`. `ready` is said when all of them have a
 * picture; after a line `report` on standard input one line of JSON follows.
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { PartReader } from "./part-reader.ts";
import { quantiles } from "./quantiles.ts";

/** What a crowd has seen since the report before. */
export type MjpegCrowdReport = {
  /** Pictures of the client that got fewest, and most. */
  readonly fewest: number;
  readonly most: number;
  readonly ended: number;
  readonly bytes: number;
  readonly ageP50Ms: number;
  readonly ageP95Ms: number;
};

const [port = "0", path = "/", token = "", count = "1"] = process.argv.slice(2);
type Member = { pictures: number; begun: boolean };

const members: Member[] = Array.from({ length: Number(count) }, () => ({ pictures: 0, begun: false }));
let ages: number[] = [];
let bytes = 0;
let begun = 0;
let ended = 0;

/** One after the other: some servers take few connections at once. */
const APART_MS = 50;

for (const [index, member] of members.entries()) setTimeout(() => join(member), index * APART_MS);

function join(member: Member): void {
  const socket = connect(Number(port), "127.0.0.1");
  const authorization = token === "" ? "" : `Authorization: Bearer ${token}\r\n`;
  if (path !== "") socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${authorization}\r\n`);
  const reader = new PartReader((part) => {
    if (!member.begun) begun += 1;
    if (!member.begun && begun === members.length) process.stdout.write("ready\n");
    member.begun = true;
    if (part.repeat) return;
    member.pictures += 1;
    bytes += part.bytes;
    if (part.ageMs !== undefined) ages.push(part.ageMs);
  });
  socket.on("data", (chunk) => reader.read(chunk));
  socket.on("error", () => {});
  socket.on("close", () => {
    ended += 1;
  });
}

createInterface({ input: process.stdin }).on("line", () => {
  const pictures = members.map((member) => member.pictures);
  const { p50, p95 } = quantiles(ages);
  const report: MjpegCrowdReport = {
    ...{ fewest: Math.min(...pictures), most: Math.max(...pictures), ended, bytes },
    ...{ ageP50Ms: p50, ageP95Ms: p95 },
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  for (const member of members) member.pictures = 0;
  ages = [];
  bytes = 0;
});
process.stdin.on("end", () => process.exit(0));
