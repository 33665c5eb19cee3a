import { beforeEach, describe, expect, it } from "vitest";
import { type TouchAction, TouchGestures } from "./touch-gestures.ts";

let actions: TouchAction[];
let gestures: TouchGestures;

beforeEach(() => {
  actions = [];
  gestures = new TouchGestures((action) => actions.push(action));
});

function buttons(): number[] {
  return actions.flatMap((action) => (action.type === "pointer" ? [action.buttons] : []));
}

describe("one finger", () => {
  it("taps", () => {
    gestures.down(1, 10, 20, 0);
    gestures.move(1, 13, 22);
    gestures.up(1);
    expect(actions).toEqual([0, 1, 0].map((buttons) => ({ type: "pointer", buttons, x: 10, y: 20 })));
  });

  it("clicks the right button after half a second, and then nothing more", () => {
    gestures.down(1, 10, 20, 0);
    expect(gestures.deadlineMs).toBe(500);
    gestures.tick(499);
    expect(actions).toEqual([]);
    gestures.tick(500);
    gestures.move(1, 80, 80);
    gestures.up(1);
    expect(buttons()).toEqual([0, 2, 0]);
  });

  it("drags from where it touched", () => {
    gestures.down(1, 10, 20, 0);
    gestures.move(1, 30, 20);
    gestures.tick(600);
    gestures.up(1);
    expect(buttons()).toEqual([0, 1, 1, 0]);
    expect(actions[1]).toMatchObject({ x: 10, y: 20 });
    expect(actions[3]).toMatchObject({ x: 30, y: 20 });
  });

  it("lets go when the browser takes the finger away", () => {
    gestures.down(1, 10, 20, 0);
    gestures.move(1, 40, 20);
    gestures.cancel();
    expect(buttons().at(-1)).toBe(0);
    gestures.down(2, 5, 5, 100);
    gestures.up(2);
    expect(buttons().slice(-3)).toEqual([0, 1, 0]);
  });
});

describe("two fingers", () => {
  function start(): void {
    gestures.down(1, 100, 100, 0);
    gestures.down(2, 200, 100, 10);
  }

  it("scroll against the motion, and never click", () => {
    start();
    for (let y = 90; y >= 50; y -= 10) {
      gestures.move(1, 100, y);
      gestures.move(2, 200, y);
    }
    gestures.up(1);
    gestures.up(2);
    const units = actions.map((action) => (action.type === "scroll" ? action.unitsY : Number.NaN));
    expect(units.reduce((sum, value) => sum + value, 0)).toBeCloseTo(150, 0);
  });

  it("zoom by how far they part", () => {
    start();
    gestures.move(1, 50, 100);
    gestures.move(2, 250, 100);
    const factor = actions.reduce(
      (product, action) => (action.type === "zoom" ? product * action.factor : Number.NaN),
      1,
    );
    expect(factor).toBeCloseTo(2);
    expect(actions.at(-1)).toMatchObject({ type: "zoom", x: 150, y: 100 });
  });

  it("stay quiet when one is lifted", () => {
    start();
    gestures.up(1);
    gestures.move(2, 300, 300);
    gestures.up(2);
    expect(actions).toEqual([]);
  });
});
