import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AgentCredit } from "./agent-credit.ts";
import { CreditWindow, MAX_CREDITS, MIN_CREDITS } from "./credit-window.ts";

const OVERRUN = 2;

describe("window of a viewer", () => {
  test("starts at three, grows with round trip and rate, stops at eight, and shrinks again", () => {
    const window = new CreditWindow(60);
    expect(window.size).toBe(MIN_CREDITS);
    let sequence = 0;
    let nowUs = 0;
    const exchange = (roundTripUs: number): void => {
      window.sent(++sequence, 1000, nowUs);
      nowUs += roundTripUs;
      window.acked(sequence, nowUs);
    };
    exchange(5000);
    expect(window.size).toBe(MIN_CREDITS);
    for (let index = 0; index < 150; index += 1) exchange(80_000);
    expect(window.size).toBe(6);
    for (let index = 0; index < 50; index += 1) exchange(400_000);
    expect(window.size).toBe(MAX_CREDITS);
    exchange(5000);
    expect(window.size).toBe(MIN_CREDITS);
  });

  test("an ack covers all before it, a repeated one gives nothing, and sequences wrap", () => {
    const window = new CreditWindow(60);
    for (const sequence of [0xfffffffe, 0xffffffff, 0]) window.sent(sequence, 1000, 0);
    expect(window.free).toBe(0);
    expect(window.acked(0xffffffff, 10)).toEqual({ count: 2, bytes: 2000, sentUs: 0 });
    expect(window.acked(0xfffffffe, 10)).toBeUndefined();
    expect(window.acked(0, 10)?.count).toBe(1);
    expect(window.inFlight).toBe(0);
  });

  test("sending without a credit is a mistake of the caller", () => {
    const window = new CreditWindow(60);
    for (let sequence = 0; sequence < MIN_CREDITS + OVERRUN; sequence += 1) window.sent(sequence, 1000, 0);
    expect(window.takesMore).toBe(false);
    expect(() => window.sent(9, 1000, 0)).toThrow(RangeError);
  });
});

describe("bytes in flight", () => {
  test("a large picture goes alone, small ones as long as there is room, and extra ones are bounded", () => {
    const window = new CreditWindow(60);
    window.limitBytes(10_000);
    window.sent(1, 50_000, 0);
    expect([window.free, window.takesMore]).toEqual([0, true]);
    window.acked(1, 10);
    expect(window.free).toBe(1);
    for (let sequence = 2; sequence < 40; sequence += 1) {
      window.sent(sequence, 4000, 0);
      window.acked(sequence, 10);
    }
    window.sent(40, 4000, 0);
    expect(window.free).toBe(1);
    window.sent(41, 4000, 0);
    expect(window.free).toBe(0);
    window.sent(42, 13_000, 0);
    expect([window.bytesInFlight, window.takesMore]).toEqual([21_000, false]);
    window.acked(42, 20);
    expect(window.bytesInFlight).toBe(0);
  });

  test("never exceed twice the limit and what came of one grab, and never stop all pictures", () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.boolean()), { maxLength: 80 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 4000, max: 60_000 }), (pictures, maxBytes) => {
        const window = new CreditWindow(60);
        window.limitBytes(maxBytes);
        let sequence = 0;
        for (const [bytes, ack] of pictures) {
          if (window.takesMore) {
            expect(window.inFlight <= OVERRUN || window.bytesInFlight < 2 * maxBytes).toBe(true);
            sequence += 1;
            window.sent(sequence, bytes, sequence);
          }
          if (ack) window.acked(sequence, sequence + 1);
          if (window.inFlight === 0) expect(window.free).toBeGreaterThan(0);
        }
      }),
    );
  });
});

/** What can happen on a rung, in any order; `who` picks a viewer. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: "picture" as const, who: 0 }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("ack" as const), who: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), who: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join" as const), who: fc.nat(2) }) },
);

/** An agent that heeds its credits, and viewers of which each drops what it cannot take. */
class Model {
  readonly viewers = new Map<number, { window: CreditWindow; unacked: number[] }>();
  readonly agent = new AgentCredit();
  sequence = 0;
  ackedToAgent = 0;
  nowUs = 0;
  dropped = 0;

  get credits(): number {
    return Math.max(MIN_CREDITS, ...[...this.viewers.values()].map(({ window }) => window.size));
  }

  get free(): number {
    return Math.max(0, ...[...this.viewers.values()].map(({ window }) => window.free));
  }

  get agentMaySend(): boolean {
    return this.sequence - this.ackedToAgent < this.credits;
  }

  settle(): void {
    this.ackedToAgent = this.agent.settle(this.credits, this.free) ?? this.ackedToAgent;
  }

  run({ kind, who }: { kind: "picture" | "ack" | "leave" | "join"; who: number }): void {
    this.nowUs += 1000;
    const viewer = this.viewers.get(who);
    if (kind === "join" && viewer === undefined) this.viewers.set(who, { window: new CreditWindow(60), unacked: [] });
    else if (kind === "leave") this.viewers.delete(who);
    else if (kind === "ack" && viewer !== undefined) {
      const sequence = viewer.unacked.shift();
      if (sequence !== undefined) expect(viewer.window.acked(sequence, this.nowUs)?.count).toBe(1);
    } else if (kind === "picture" && this.agentMaySend) this.picture();
    this.settle();
  }

  picture(): void {
    this.sequence += 1;
    this.agent.received(this.sequence);
    for (const { window, unacked } of this.viewers.values()) {
      if (!window.takesMore) {
        this.dropped += 1;
        continue;
      }
      window.sent(this.sequence, 1000, this.nowUs);
      unacked.push(this.sequence);
    }
  }
}

describe("credits of a rung", () => {
  test("the agent may send exactly while some viewer has room, and never runs further ahead", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const model = new Model();
        for (const each of steps) {
          model.run(each);
          expect(model.agentMaySend).toBe(model.free > 0 || model.agent.outstanding < model.credits);
          if (model.free > 0) expect(model.credits - model.agent.outstanding).toBeGreaterThanOrEqual(model.free);
          expect(model.agent.outstanding).toBe(model.sequence - model.ackedToAgent);
          for (const { window } of model.viewers.values()) {
            expect(window.inFlight).toBeLessThanOrEqual(MAX_CREDITS + OVERRUN);
          }
        }
      }),
    );
  });

  test("a single viewer never misses a picture of an agent that heeds its credits", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("picture" as const, "ack" as const), { maxLength: 300 }), (kinds) => {
        const model = new Model();
        model.run({ kind: "join", who: 0 });
        for (const kind of kinds) model.run({ kind, who: 0 });
        expect(model.dropped).toBe(0);
      }),
    );
  });

  test("a viewer that never acknowledges does not hold the others up", () => {
    const model = new Model();
    for (const who of [0, 1]) model.run({ kind: "join", who });
    for (let index = 0; index < 50; index += 1) {
      model.run({ kind: "picture", who: 0 });
      model.run({ kind: "ack", who: 1 });
    }
    expect(model.sequence).toBe(50);
    expect(model.dropped).toBe(50 - MIN_CREDITS - OVERRUN);
  });

  test("without viewers the agent stops after its credits", () => {
    const model = new Model();
    for (let index = 0; index < 20; index += 1) model.run({ kind: "picture", who: 0 });
    expect(model.sequence).toBe(MIN_CREDITS);
  });

  test("an agent that ignores its credits is found out", () => {
    const credit = new AgentCredit();
    expect(() => {
      for (let sequence = 1; sequence < 200; sequence += 1) credit.received(sequence);
    }).toThrow("without a credit");
  });
});
