import type { CameraDelivery } from "../../protocol/index.ts";
import type { SourceKeeper } from "./source-keeper.ts";

/** Rate and bits are measured for so long. */
const MEASURE_MS = 2500;
/** A source that delivers nothing after this long is told not to work. */
const LIMIT_MS = 12_000;

/** What a source delivers, or why it does not. */
export type ProbeResult = { readonly delivery?: CameraDelivery; readonly error: string };

/** Waits until the keeper's source has delivered for a moment, has failed, or took too long. */
export function probeSource(keeper: SourceKeeper): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let measuring = false;
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      unsubscribe();
      unsubscribeStuck();
      keeper.close();
      resolve(result);
    };
    const delivered = (): void => {
      const { delivery } = keeper;
      finish(delivery === undefined ? { error: "The source delivers nothing." } : { delivery, error: "" });
    };
    let timer = setTimeout(() => finish({ error: "The source delivers no picture." }), LIMIT_MS);
    const unsubscribe = keeper.onReport(({ state, detail }) => {
      if ((state === "recovering" || state === "failed") && !measuring) finish({ error: detail });
      else if ((state === "healthy" || state === "degraded") && !measuring) {
        measuring = true;
        clearTimeout(timer);
        timer = setTimeout(delivered, MEASURE_MS);
      }
    });
    const unsubscribeStuck = keeper.onStuck((error) => finish({ error }));
  });
}
