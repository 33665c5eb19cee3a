import type { CameraDelivery, CameraHealth, CameraReport } from "../../protocol/index.ts";

/** A time of the next attempt that moved by less is the same attempt, reported again. */
const SAME_ATTEMPT_US = 500_000;

/** Keeps the health of one camera. Each call returns whether viewers should hear of it now. */
export class CameraStatus {
  readonly #nowUs: () => number;
  #health: CameraHealth;

  /** `delivery` is what the camera delivered the last time. */
  constructor(nowUs: () => number, delivery: CameraDelivery | undefined) {
    this.#nowUs = nowUs;
    this.#health = {
      state: "idle",
      sinceUs: nowUs(),
      detail: "",
      attempt: 0,
      retryAtUs: 0,
      lastPictureUs: 0,
      ...(delivery === undefined ? {} : { delivery }),
      restarts: 0,
    };
  }

  get health(): CameraHealth {
    return this.#health;
  }

  /** Nothing is captured, since nobody watches. */
  idle(detail = ""): boolean {
    return this.#set({ state: "idle", detail, attempt: 0, retryAtUs: 0 });
  }

  /** Its process gets ready. */
  connecting(): boolean {
    if (this.#health.state === "recovering" || this.#health.state === "failed") return false;
    return this.#set({ state: "connecting", detail: "", attempt: 0, retryAtUs: 0 });
  }

  /** Its process ended by itself, or none can be started. */
  crashed(detail: string, attempt: number, retryInMs: number): boolean {
    const retryAtUs = this.#nowUs() + retryInMs * 1000;
    return this.#set({ state: "recovering", detail, attempt, retryAtUs });
  }

  /** Counts a run that ended by itself. */
  restarted(): void {
    this.#health = { ...this.#health, restarts: this.#health.restarts + 1 };
  }

  /** Takes what its process says. */
  report({ state, detail, attempt, retryInMs, delivery, lastPictureAgeMs }: CameraReport): boolean {
    const nowUs = this.#nowUs();
    const health = this.#health;
    const retryAtUs = retryInMs > 0 ? nowUs + retryInMs * 1000 : 0;
    const isSame = Math.abs(retryAtUs - health.retryAtUs) < SAME_ATTEMPT_US && retryAtUs > 0;
    const hasChanged = this.#set({ state, detail, attempt, retryAtUs: isSame ? health.retryAtUs : retryAtUs });
    const figures = delivery ?? health.delivery;
    const isOther = figures !== undefined && describesOther(figures, health.delivery);
    this.#health = {
      ...this.#health,
      lastPictureUs: lastPictureAgeMs === undefined ? health.lastPictureUs : nowUs - lastPictureAgeMs * 1000,
      ...(figures === undefined ? {} : { delivery: figures }),
    };
    return hasChanged || isOther;
  }

  #set(next: Pick<CameraHealth, "state" | "detail" | "attempt" | "retryAtUs">): boolean {
    const { state, detail, attempt, retryAtUs } = this.#health;
    const sinceUs = state === next.state ? this.#health.sinceUs : this.#nowUs();
    this.#health = { ...this.#health, ...next, detail: next.detail.slice(0, 512), sinceUs };
    return (
      state !== next.state || detail !== next.detail || attempt !== next.attempt || retryAtUs !== this.#health.retryAtUs
    );
  }
}

/** Whether what is delivered is different in kind; rates change all the time. */
export function describesOther(delivery: CameraDelivery, earlier: CameraDelivery | undefined): boolean {
  const { codec, width, height, engine, decoder } = delivery;
  return (
    codec !== earlier?.codec ||
    width !== earlier.width ||
    height !== earlier.height ||
    engine !== earlier.engine ||
    decoder !== earlier.decoder
  );
}
