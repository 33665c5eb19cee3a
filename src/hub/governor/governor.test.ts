import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamSettingsSchema } from "../../protocol/index.ts";
import { Governor } from "./governor.ts";
import { budgetAt, ladderFor } from "./ladder.ts";
import type { PresentedTimes } from "./recent-times.ts";

const settings = streamSettingsSchema.parse({});
const ladder = ladderFor(settings);
const STEP_US = 5000;
const MAX_PICTURES = 8;
const SECOND_US = 1_000_000;

type Sent = { readonly bytes: number; readonly sentUs: number; readonly changeUs: number; readonly doneUs: number };

/** A source in full motion, a path with a rate and a distance, and a governor between them, on a clock of its own. */
class World {
  readonly governor = new Governor(ladder);
  nowUs = 0;
  bps = 100e6;
  distanceUs = 1000;
  encodeUs = 4000;
  moving = true;
  ages: number[] = [];
  levels: number[] = [];
  #flight: Sent[] = [];
  readonly #pongs: { readonly sentUs: number; readonly doneUs: number }[] = [];
  #freeUs = 0;
  #nextUs = 0;
  #lastChangeUs = 0;

  run(seconds: number): void {
    this.ages = [];
    this.levels = [];
    const endUs = this.nowUs + seconds * SECOND_US;
    while (this.nowUs < endUs) {
      this.nowUs += STEP_US;
      this.#arrive();
      if (this.moving) this.#make();
      const bytes = this.#flight.reduce((sum, picture) => sum + picture.bytes, 0);
      this.governor.update(this.nowUs, { bytes, oldestSentUs: this.#flight[0]?.sentUs });
      this.levels.push(this.governor.level);
    }
  }

  get fps(): number {
    return budgetAt(settings, ladder, { level: this.governor.level, content: "motion", saving: false }).fps;
  }

  /** Middle of the ages since the run began, in ms. */
  get ageMs(): number {
    return (this.ages.sort((a, b) => a - b)[this.ages.length >> 1] ?? 0) / 1000;
  }

  #make(): void {
    const inFlight = this.#flight.reduce((sum, picture) => sum + picture.bytes, 0);
    const bitrate = (ladder[this.governor.level] as { bitrate: number }).bitrate;
    const bytes = Math.round(bitrate / 8 / this.fps);
    if (this.nowUs < this.#nextUs) return;
    if (this.#flight.length >= MAX_PICTURES) return;
    if (this.#flight.length > 0 && inFlight + bytes > this.governor.windowBytes(this.nowUs)) return;
    const busyUs = Math.max(1e6 / this.fps, this.encodeUs);
    this.#nextUs = Math.max(this.#nextUs + busyUs, this.nowUs);
    const changeUs = Math.max(this.#lastChangeUs, this.nowUs - 16_667);
    this.#lastChangeUs = this.nowUs;
    const sentUs = this.nowUs + this.encodeUs;
    if (this.#flight.length === 0) this.#pongs.push({ sentUs, doneUs: sentUs + 2 * this.distanceUs });
    const startUs = Math.max(this.#freeUs, sentUs);
    this.#freeUs = startUs + (bytes * 8e6) / this.bps;
    this.governor.setRate(this.fps);
    this.governor.made({ grabUs: 600, convertUs: 2000, encodeUs: this.encodeUs }, this.nowUs);
    this.#flight.push({ bytes, sentUs, changeUs, doneUs: this.#freeUs + 2 * this.distanceUs });
  }

  #arrive(): void {
    while ((this.#pongs[0]?.doneUs ?? Number.POSITIVE_INFINITY) <= this.nowUs) {
      const { sentUs, doneUs } = this.#pongs.shift() as { sentUs: number; doneUs: number };
      this.governor.path.pinged(doneUs - sentUs, doneUs);
    }
    while ((this.#flight[0]?.doneUs ?? Number.POSITIVE_INFINITY) <= this.nowUs) {
      const { bytes, sentUs, changeUs, doneUs } = this.#flight.shift() as Sent;
      const ageUs = doneUs - this.distanceUs - changeUs;
      this.governor.acked({ bytes, sentUs, refinement: false }, doneUs);
      const pathUs = Math.max(0, doneUs - sentUs - 2 * this.distanceUs);
      const times: PresentedTimes = {
        ...{ ageUs, waitUs: sentUs - this.encodeUs - changeUs, grabUs: 600, convertUs: 2000, encodeUs: this.encodeUs },
        ...{ pathUs, distanceUs: this.distanceUs, decodeUs: 2000, drawUs: 1000 },
      };
      this.governor.presented(times, sentUs, doneUs);
      this.ages.push(ageUs);
    }
  }
}

describe("a path that carries enough", () => {
  test("is found out at once, and everything is allowed", () => {
    const world = new World();
    world.run(1);
    expect([world.governor.level, world.governor.tier, world.governor.stage]).toEqual([0, "ultra", "none"]);
  });

  test("from far away keeps the standard tier, and from too far the emergency tier's promise at its best level", () => {
    const world = new World();
    world.distanceUs = 80_000;
    world.run(10);
    expect([world.governor.level, world.governor.tier, world.governor.stage]).toEqual([0, "standard", "distance"]);
    world.distanceUs = 250_000;
    world.run(30);
    expect([world.governor.level, world.governor.tier, world.governor.stage]).toEqual([1, "emergency", "distance"]);
    world.distanceUs = 1000;
    world.run(25);
    expect([world.governor.level, world.governor.tier]).toEqual([0, "ultra"]);
  });
});

describe("a path that becomes narrow", () => {
  test.each([5e6, 2e6, 1e6, 0.5e6])("of %d bit/s: down within half a second, up again by itself", (bps) => {
    const world = new World();
    world.run(5);
    world.bps = bps;
    world.run(0.5);
    expect(world.governor.tier).toBe("emergency");
    expect(world.governor.stage).toBe("network");
    world.run(10);
    const { bitrate } = ladder[world.governor.level] as { bitrate: number };
    expect(bitrate).toBeLessThan(bps * 1.25);
    expect(world.ageMs).toBeLessThan(500);
    world.bps = 100e6;
    world.run(10);
    expect([world.governor.level, world.governor.tier]).toEqual([0, "ultra"]);
  });

  test("does not make the age grow, however long it lasts", () => {
    const world = new World();
    world.bps = 5e6;
    world.run(5);
    world.run(5);
    const early = world.ageMs;
    world.run(50);
    world.run(5);
    expect(world.ageMs).toBeLessThan(early * 1.25 + 5);
  });

  test("is remembered while the screen is still, and found to be wide again when something moves", () => {
    const world = new World();
    world.bps = 1e6;
    world.run(10);
    const low = world.governor.level;
    world.moving = false;
    world.run(20);
    expect(world.governor.level).toBeGreaterThanOrEqual(low - 1);
    world.bps = 100e6;
    world.run(5);
    world.moving = true;
    world.run(3);
    expect(world.governor.level).toBe(0);
  });

  test("that stops altogether is noticed without any answer", () => {
    const world = new World();
    world.run(3);
    world.bps = 1;
    world.run(0.5);
    expect(world.governor.level).toBeGreaterThan(0);
  });
});

describe("a machine that is too slow", () => {
  test("gets less to do, is named, and more again when it is quick again", () => {
    const world = new World();
    world.run(2);
    world.encodeUs = 60_000;
    world.run(0.5);
    expect(world.governor.tier).toBe("emergency");
    expect(world.governor.stage).toBe("encode");
    world.encodeUs = 4000;
    world.run(20);
    expect(world.governor.level).toBe(0);
  });
});

test("whatever the path does, the level stays inside the ladder and comes to rest", () => {
  const weather = fc.record({
    bps: fc.constantFrom(0.3e6, 0.8e6, 1.7e6, 4e6, 9e6, 14e6, 30e6, 100e6),
    distanceUs: fc.constantFrom(500, 10_000, 40_000),
    moving: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(weather, { minLength: 1, maxLength: 5 }), (changes) => {
      const world = new World();
      for (const change of changes) {
        Object.assign(world, change);
        world.run(3);
        for (const level of world.levels) expect(ladder[level]).toBeDefined();
      }
      world.moving = true;
      world.run(20);
      world.run(20);
      const moves = world.levels.filter((level, at) => at > 0 && level !== world.levels[at - 1]).length;
      expect(moves).toBeLessThanOrEqual(14);
      expect(world.ageMs).toBeLessThan(500);
    }),
    { numRuns: 40 },
  );
});

describe("ladder", () => {
  test("keeps the tiers' bounds for every setting, kind of content and level", () => {
    const limits = fc.record({
      bitrate: fc.integer({ min: 100_000, max: 200_000_000 }),
      fps: fc.integer({ min: 1, max: 120 }),
      width: fc.integer({ min: 16, max: 7680 }),
      height: fc.integer({ min: 16, max: 4320 }),
    });
    fc.assert(
      fc.property(
        limits,
        fc.constantFrom("text" as const, "motion" as const),
        fc.boolean(),
        (limit, content, saving) => {
          const own = { ...settings, ...limit };
          const levels = ladderFor(own);
          let before = Number.POSITIVE_INFINITY;
          for (let level = 0; level < levels.length; level += 1) {
            const budget = budgetAt(own, levels, { level, content, saving });
            if (saving) expect(budget.bitrate).toBeLessThanOrEqual(12_000_000);
            expect(budget.bitrate).toBeLessThanOrEqual(before);
            expect(budget.fps).toBeLessThanOrEqual(own.fps);
            expect(budget.videoWidth).toBeLessThanOrEqual(own.width);
            expect(budget.videoHeight).toBeLessThanOrEqual(own.height);
            before = budget.bitrate;
            if (level === 0) continue;
            expect(budget.videoWidth).toBeLessThanOrEqual(1280);
            expect(budget.videoHeight).toBeLessThanOrEqual(720);
            expect(budget.fps).toBeLessThanOrEqual(30);
            expect(budget.bitrate).toBeLessThanOrEqual(8_000_000);
          }
        },
      ),
    );
  });

  test("gives up pictures a second first for text and size first for motion", () => {
    const at = (content: "text" | "motion") => budgetAt(settings, ladder, { level: 4, content, saving: false });
    expect(at("text").videoHeight).toBe(720);
    expect(at("text").fps).toBeLessThan(at("motion").fps);
    expect(at("motion").videoHeight).toBeLessThan(720);
    expect(at("motion").fps).toBe(30);
  });
});
