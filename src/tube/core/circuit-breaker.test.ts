import { describe, expect, test } from "vitest";
import { CircuitBreaker, FAILURE_THRESHOLDS, type FailureKind } from "./circuit-breaker.ts";

function breakerAt() {
  const clock = { ms: 0 };
  return { clock, breaker: new CircuitBreaker({ nowMs: () => clock.ms, openMs: 1000 }) };
}

describe("a circuit breaker", () => {
  test.each(Object.entries(FAILURE_THRESHOLDS) as Array<[FailureKind, number]>)(
    "opens after %s has failed %i times in a row",
    (kind, threshold) => {
      const { breaker } = breakerAt();
      for (let count = 1; count < threshold; count += 1) breaker.failure(kind);
      expect(breaker.state).toBe("closed");
      breaker.failure(kind);
      expect(breaker.state).toBe("open");
      expect(breaker.tryAcquire()).toBe(false);
      expect(breaker.retryAfterMs).toBe(1000);
    },
  );

  test("counts each kind apart, and a success forgets them all", () => {
    const { breaker } = breakerAt();
    breaker.failure("authentication");
    breaker.failure("ice");
    breaker.success();
    breaker.failure("authentication");
    expect(breaker.state).toBe("closed");
  });

  test("lets one trial through when its time is over: success closes, failure opens again", () => {
    const { breaker, clock } = breakerAt();
    breaker.failure("authentication");
    breaker.failure("authentication");
    clock.ms = 1000;
    expect([breaker.tryAcquire(), breaker.tryAcquire()]).toEqual([true, false]);
    expect(breaker.state).toBe("half-open");
    breaker.failure("ice");
    expect([breaker.state, breaker.openings]).toEqual(["open", 2]);
    clock.ms = 2000;
    expect(breaker.tryAcquire()).toBe(true);
    breaker.success();
    expect(breaker.state).toBe("closed");
  });
});
