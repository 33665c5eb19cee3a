import { expect, test } from "vitest";
import {
  type AgentCommand,
  decodeAck,
  decodePicture,
  encodePicture,
  type HubMessage,
  streamSettingsSchema,
} from "../../protocol/index.ts";
import { Governor, ladderFor } from "../governor/index.ts";
import type { AgentPort, Source, ViewerPort } from "../ports.ts";
import { Rung } from "./rung.ts";

const RUNG = 7;
const access = { administrator: false, grants: ["view" as const], sourcePaths: undefined };
const counters = {
  pictureReceived: () => {},
  pictureSent: () => {},
  pictureDropped: () => {},
  keyframeRequested: () => {},
  linkClosed: () => {},
};

class RecordingAgent implements AgentPort {
  readonly name = "desk";
  readonly clockOffsetUs = 0;
  readonly commands: AgentCommand[] = [];
  acked = 0;
  command(command: AgentCommand): void {
    this.commands.push(command);
  }
  deliver(message: Uint8Array): void {
    this.acked = decodeAck(message).sequence;
  }
  count(type: AgentCommand["type"]): number {
    return this.commands.filter((command) => command.type === type).length;
  }
}

class RecordingViewer implements ViewerPort {
  readonly access = access;
  readonly id: number;
  readonly told: HubMessage[] = [];
  readonly pictures: Uint8Array[] = [];
  takesPictures = true;
  closed = "";
  constructor(id: number) {
    this.id = id;
  }
  tell(message: HubMessage): void {
    this.told.push(message);
  }
  deliver(message: Uint8Array): void {
    this.pictures.push(message);
  }
  closeTooSlow(reason: string): void {
    this.closed = reason;
  }
  get sequences(): number[] {
    return this.pictures.map((message) => decodePicture(message).sequence);
  }
}

const settings = streamSettingsSchema.parse({});
const governor = (): Governor => new Governor(ladderFor(settings), 0);

class Bench {
  nowUs = 1_000_000;
  readonly agent = new RecordingAgent();
  readonly rung: Rung;

  /** Numbers that rungs were opened under; the first is always the same. */
  #numbers = 0;

  constructor(codec: "h264" | "jpeg" = "h264") {
    const { agent } = this;
    const description = {
      key: "DP-1",
      name: "",
      kind: "screen" as const,
      width: 64,
      height: 64,
      x: 0,
      y: 0,
      primary: true,
    };
    const source: Source = {
      id: 1,
      path: "desk/DP-1",
      agentName: "desk",
      description: { ...description, input: true, clipboard: true, backend: "", backendReason: "" },
      agent,
      stateSinceUs: 0,
      detail: "",
      camera: undefined,
      cursor: undefined,
    };
    const context = { counters, nowUs: () => this.nowUs, nextNumber: () => RUNG + this.#numbers++ };
    this.rung = new Rung(source, codec, settings, 0, context);
  }

  /** Opens the rung with these viewers and lets the agent announce it. */
  open(...viewers: RecordingViewer[]): void {
    for (const viewer of viewers) this.rung.join(viewer, viewer.id, governor());
    this.rung.open();
    this.announce();
  }

  announce(rung = this.rung.number ?? RUNG, passthrough = false): void {
    this.rung.ready({
      type: "rung",
      rung,
      passthrough,
      codec: this.rung.codec,
      codecString: "avc1.42e033",
      width: 64,
      height: 64,
      encoder: "fake",
      encoderReason: "",
    });
  }

  picture(sequence: number, keyframe = false, rung = this.rung.number ?? RUNG): Uint8Array {
    const kind = this.rung.codec === "jpeg" ? ("jpeg" as const) : ("video" as const);
    const header = { kind, keyframe, intra: keyframe, rung, sequence, width: 64, height: 64 };
    const times = {
      changeUs: 0,
      inputToChangeUs: undefined,
      waitUs: 0,
      grabUs: 0,
      convertUs: 0,
      encodeUs: 0,
      sendUs: 0,
    };
    const origin = { inputViewer: 0, inputSequence: 0, hubUs: 0, rects: [] };
    const message = encodePicture({ ...header, ...times, ...origin }, new Uint8Array([0, 0, 0, 1]));
    this.rung.picture(message, decodePicture(message));
    return message;
  }

  ack(viewer: ViewerPort, sequence: number): void {
    this.nowUs += 1000;
    this.rung.ack(viewer, { stage: "accepted", rung: this.rung.number ?? RUNG, sequence, decodeUs: 0, drawUs: 0 });
  }
}

test("every viewer gets the very same bytes, with the hub's time in them", () => {
  const bench = new Bench();
  const viewers = [new RecordingViewer(1), new RecordingViewer(2), new RecordingViewer(3)];
  bench.open(...viewers);
  const message = bench.picture(1, true);
  for (const viewer of viewers) expect(viewer.pictures[0]).toBe(message);
  expect(decodePicture(message).hubUs).toBe(bench.nowUs);
  bench.rung.close();
});

test("a viewer that comes later gets nothing before a keyframe, and one is asked for", () => {
  const bench = new Bench();
  const [first, late] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.open(first);
  bench.picture(1, true);
  bench.ack(first, 1);
  bench.rung.join(late, 5, governor());
  expect(late.told).toMatchObject([{ type: "watching", watch: 5, rung: RUNG }]);
  bench.picture(2);
  expect(late.pictures).toHaveLength(0);
  bench.picture(3, true);
  bench.picture(4);
  expect(late.sequences).toEqual([3, 4]);
  expect(first.sequences).toEqual([1, 2, 3, 4]);
  bench.rung.close();
});

test("the agent gets credits back as fast as the fastest viewer gives them", () => {
  const bench = new Bench();
  const [fast, stuck] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.open(fast, stuck);
  for (let sequence = 1; sequence <= 20; sequence += 1) {
    bench.picture(sequence, sequence === 1);
    bench.ack(fast, sequence);
    expect(bench.agent.acked).toBe(sequence);
  }
  expect(fast.sequences).toHaveLength(20);
  expect(stuck.sequences).toEqual([1, 2, 3, 4, 5]);
  expect(bench.rung.subscribers.get(2)?.dropped).toBe(15);
  bench.rung.close();
});

test("a viewer that missed pictures goes on at a keyframe, which is asked for once it has room", () => {
  const bench = new Bench();
  const [fast, slow] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.open(fast, slow);
  for (let sequence = 1; sequence <= 8; sequence += 1) {
    bench.picture(sequence, sequence === 1);
    bench.ack(fast, sequence);
  }
  bench.ack(slow, 5);
  expect(bench.rung.subscribers.get(2)?.waitsForKeyframe).toBe(true);
  bench.picture(9);
  bench.picture(10, true);
  expect(slow.sequences).toEqual([1, 2, 3, 4, 5, 10]);
  bench.rung.close();
});

test("a viewer that waits for a keyframe does not make the agent outrun the one that follows", () => {
  const bench = new Bench();
  const [steady, late] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.open(steady);
  bench.picture(1, true);
  bench.picture(2);
  bench.picture(3);
  bench.rung.join(late, 2, governor());
  // Pictures 4 and 5 were on their way; the late viewer has room, but takes none of them.
  bench.picture(4);
  bench.picture(5);
  expect(bench.agent.acked).toBeLessThanOrEqual(4);
  expect(steady.sequences).toEqual([1, 2, 3, 4, 5]);
  bench.rung.close();
});

test("while nobody watches, capture stands still; whoever comes sets it going", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.open(viewer);
  bench.picture(1, true);
  bench.rung.leave(viewer);
  bench.picture(2);
  bench.picture(3);
  expect(bench.agent.acked).toBe(0);
  bench.rung.join(viewer, 2, governor());
  expect(bench.agent.acked).toBe(3);
  bench.rung.close();
});

test("a viewer whose queue is full gets no pictures and goes on after it drained", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.open(viewer);
  bench.picture(1, true);
  bench.ack(viewer, 1);
  viewer.takesPictures = false;
  bench.picture(2);
  expect(viewer.pictures).toHaveLength(1);
  viewer.takesPictures = true;
  bench.rung.drained(viewer);
  bench.picture(3, true);
  expect(viewer.sequences).toEqual([1, 3]);
  bench.rung.close();
});

test("a viewer that acknowledges nothing for too long is disconnected, the others stay", () => {
  const bench = new Bench();
  const [good, dead] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.open(good, dead);
  bench.picture(1, true);
  bench.ack(good, 1);
  bench.nowUs += 11_000_000;
  bench.rung.dropStalled(bench.nowUs - 10_000_000);
  expect(dead.closed).not.toBe("");
  expect(good.closed).toBe("");
  bench.rung.close();
});

test("joining again starts at a keyframe, and acks of what was in flight before are no offence", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.open(viewer);
  bench.picture(1, true);
  bench.picture(2);
  bench.rung.join(viewer, 9, governor());
  bench.ack(viewer, 2);
  bench.picture(3);
  bench.picture(4, true);
  expect(viewer.sequences).toEqual([1, 2, 4]);
  bench.rung.close();
});

test("what an agent or viewer cannot know or do is a protocol error", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.rung.join(viewer, 1, governor());
  bench.rung.open();
  expect(() => bench.picture(1, true)).toThrow("before it was announced");
  bench.announce();
  bench.picture(1, true);
  expect(() => bench.picture(3)).toThrow("from picture 1 to 3");
  expect(() => bench.ack(viewer, 2000)).toThrow("has never been sent");
  bench.rung.close();
});

test("a loss is told with its reason, and the reopened rung begins anew", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.open(viewer);
  bench.picture(1, true);
  bench.rung.interrupt("The agent was killed.");
  expect(viewer.told.at(-1)).toEqual({ type: "interrupted", watch: 1, reason: "The agent was killed." });
  bench.open();
  bench.picture(1, true);
  expect(viewer.sequences).toEqual([1, 1]);
  expect(bench.agent.count("open-rung")).toBe(2);
  bench.rung.close();
  expect(bench.agent.count("close-rung")).toBe(1);
});

test("of a camera's own stream a viewer that comes later gets all since the keyframe at once, and none is asked for", () => {
  const bench = new Bench();
  const [first, late] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.rung.join(first, 1, governor());
  bench.rung.open();
  bench.announce(RUNG, true);
  const messages = Array.from({ length: 40 }, (_, index) => bench.picture(index + 1, index === 0));
  bench.ack(first, 40);
  bench.rung.join(late, 2, governor());
  expect(late.pictures).toHaveLength(40);
  for (const [index, message] of messages.entries()) expect(late.pictures[index]).toBe(message);
  bench.ack(late, 3);
  bench.ack(late, 40);
  bench.picture(41);
  expect(late.sequences.at(-1)).toBe(41);
  bench.rung.wantKeyframe(late);
  expect(bench.agent.count("keyframe")).toBe(0);
  expect(bench.agent.acked).toBe(0);
  bench.rung.close();
});

test("of a camera's own stream a slow viewer misses the rest until the camera's next keyframe", () => {
  const bench = new Bench();
  const [fast, slow] = [new RecordingViewer(1), new RecordingViewer(2)];
  for (const viewer of [fast, slow]) bench.rung.join(viewer, viewer.id, governor());
  bench.rung.open();
  bench.announce(RUNG, true);
  for (let sequence = 1; sequence <= 100; sequence += 1) {
    bench.picture(sequence, sequence === 1);
    bench.ack(fast, sequence);
  }
  // A burst is taken, but not without end, and what the agent sends is never too much for the hub.
  const taken = slow.sequences.length;
  expect(taken).toBeGreaterThan(20);
  expect(taken).toBeLessThan(50);
  expect(fast.sequences).toHaveLength(100);
  bench.ack(slow, taken);
  bench.picture(101);
  expect(slow.sequences).toHaveLength(taken);
  bench.picture(102, true);
  bench.picture(103);
  expect(slow.sequences.slice(taken)).toEqual([102, 103]);
  expect(bench.agent.count("keyframe")).toBe(0);
  bench.rung.close();
});

test("of a camera's own JPEGs a viewer gets the last one when it joins, and the newest when it was behind", () => {
  const bench = new Bench("jpeg");
  const [slow, late] = [new RecordingViewer(1), new RecordingViewer(2)];
  bench.rung.join(slow, 1, governor());
  bench.rung.open();
  bench.announce(RUNG, true);
  for (let sequence = 1; sequence <= 9; sequence += 1) bench.picture(sequence, true);
  bench.rung.join(late, 2, governor());
  expect(late.sequences).toEqual([9]);
  const taken = slow.sequences.length;
  expect(taken).toBeLessThan(9);
  bench.ack(slow, taken);
  expect(slow.sequences.slice(taken)).toEqual([9]);
  bench.rung.close();
});

test("from a camera's own stream to an encoded one the agent's credits count anew", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.rung.join(viewer, 1, governor());
  bench.rung.open();
  bench.announce(RUNG, true);
  for (let sequence = 1; sequence <= 10; sequence += 1) bench.picture(sequence, sequence === 1);
  bench.ack(viewer, 10);
  bench.announce();
  expect(bench.agent.acked).toBe(10);
  bench.picture(11, true);
  bench.ack(viewer, 11);
  expect(bench.agent.acked).toBe(11);
  bench.announce(RUNG, true);
  bench.picture(12);
  expect(viewer.sequences.at(-1)).toBe(11);
  bench.picture(13, true);
  expect(viewer.sequences.at(-1)).toBe(13);
  bench.rung.close();
});

test("a renewed rung goes on under its old number until the new one has a keyframe", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.open(viewer);
  bench.picture(1, true);
  bench.ack(viewer, 1);
  bench.rung.renew();
  bench.rung.renew();
  expect(bench.agent.count("open-rung")).toBe(2);
  const next = bench.rung.renewalNumber as number;
  expect(() => bench.picture(1, true, next)).toThrow("before it was announced");
  bench.announce(next);
  expect(viewer.told.filter(({ type }) => type === "watching")).toHaveLength(1);
  bench.picture(1, false, next);
  bench.picture(2);
  expect(viewer.sequences).toEqual([1, 2]);
  bench.picture(2, true, next);
  expect(bench.agent.commands.at(-1)).toEqual({ type: "close-rung", rung: RUNG });
  expect(viewer.told.at(-1)).toMatchObject({ type: "watching", rung: next });
  expect(bench.rung.number).toBe(next);
  bench.picture(3);
  expect(viewer.pictures.map((message) => decodePicture(message).rung)).toEqual([RUNG, RUNG, next, next]);
  expect(() => bench.picture(5)).toThrow("from picture 3 to 5");
  bench.rung.close();
});

test("a renewal that fails changes nothing", () => {
  const bench = new Bench();
  const viewer = new RecordingViewer(1);
  bench.open(viewer);
  bench.picture(1, true);
  bench.rung.renew();
  const next = bench.rung.renewalNumber;
  bench.rung.cancelRenewal();
  expect(bench.agent.commands.at(-1)).toEqual({ type: "close-rung", rung: next });
  bench.picture(2);
  expect(viewer.sequences).toEqual([1, 2]);
  expect(viewer.told).toHaveLength(1);
  bench.rung.close();
});
