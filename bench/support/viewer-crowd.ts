/**
 * Many viewers in one process: `node viewer-crowd.js URL COOKIE COUNT`. They acknowledge every picture at once and decode
 * none. `ready` is said when all of them have a picture; after a line `report` on standard input one line of JSON follows.
 */
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import {
  decodePicture,
  encodeAck,
  isPictureType,
  PROTOCOL_VERSION,
  parseHubMessage,
} from "../../src/protocol/index.ts";
import { monotonicMs } from "./monotonic.ts";
import { quantiles } from "./quantiles.ts";

/** What a crowd has seen since the report before. */
export type CrowdReport = {
  readonly viewers: number;
  /** Pictures of the viewer that got fewest, and most. */
  readonly fewest: number;
  readonly most: number;
  /** Pictures that were left out for some viewer. */
  readonly missed: number;
  readonly ageP50Ms: number;
  readonly ageP95Ms: number;
};

type Member = { pictures: number; last: number | undefined; rung: number };

const [url = "", cookie = "", count = "1"] = process.argv.slice(2);
const members: Member[] = [];
let ages: number[] = [];
let missed = 0;
let started = 0;

for (let index = 0; index < Number(count); index += 1) join();
createInterface({ input: process.stdin }).on("line", report);
process.stdin.on("end", () => process.exit(0));

function join(): void {
  const member: Member = { pictures: 0, last: undefined, rung: 0 };
  members.push(member);
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/viewer`, {
    perMessageDeflate: false,
    headers: { cookie, origin: url },
  });
  const say = (message: object): void => socket.send(JSON.stringify(message));
  socket.on("open", () => say({ type: "hello", protocol: PROTOCOL_VERSION, client: "crowd" }));
  let watching = false;
  socket.on("message", (data, isBinary) => {
    const bytes = data as Buffer;
    if (isBinary) {
      if (isPictureType(bytes[0] as number)) receive(socket, member, bytes);
      return;
    }
    const message = parseHubMessage(bytes.toString());
    if (message.type === "watching") member.rung = message.rung;
    const live = message.type === "sources" ? message.sources.find(({ state }) => state === "live") : undefined;
    if (live === undefined || watching) return;
    watching = true;
    say({ type: "watch", watch: 1, source: live.id, codecs: ["h264"] });
  });
}

function receive(socket: WebSocket, member: Member, message: Buffer): void {
  const { rung, sequence, changeUs } = decodePicture(message);
  if (rung !== member.rung) return;
  if (member.last !== undefined && sequence > member.last + 1) missed += sequence - member.last - 1;
  if (member.pictures === 0) {
    started += 1;
    if (started === members.length) process.stdout.write("ready\n");
  }
  member.last = sequence;
  member.pictures += 1;
  ages.push(monotonicMs() - changeUs / 1000);
  for (const stage of ["accepted", "presented"] as const) {
    socket.send(encodeAck({ stage, rung, sequence, decodeUs: 0, drawUs: 0 }));
  }
}

function report(): void {
  const pictures = members.map((member) => member.pictures);
  const { p50, p95 } = quantiles(ages);
  const crowd: CrowdReport = {
    ...{ viewers: members.length, fewest: Math.min(...pictures), most: Math.max(...pictures), missed },
    ...{ ageP50Ms: p50, ageP95Ms: p95 },
  };
  process.stdout.write(`${JSON.stringify(crowd)}\n`);
  for (const member of members) member.pictures = 0;
  ages = [];
  missed = 0;
}
