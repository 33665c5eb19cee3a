import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { Backoff, BoundedQueue, type Closable, describeError } from "../../base/index.ts";
import type { EventCounters } from "./event-counters.ts";
import type { EventNews } from "./event-news.ts";

/** Where news are posted and how patiently. */
export type WebhookOptions = {
  /** http or https; user and password in one become an Authorization header. */
  readonly urls: readonly string[];
  /** Signs what is sent; never logged. */
  readonly secret: string | undefined;
  readonly timings?: Partial<WebhookTimings> | undefined;
};

export type WebhookTimings = {
  readonly timeoutMs: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
};

const DEFAULT_TIMINGS: WebhookTimings = { timeoutMs: 10_000, retryBaseMs: 1000, retryCapMs: 60_000 };

/** News that wait for one receiver; one more drops the oldest. */
export const MAX_WAITING = 100;
/** Attempts for one piece of news; with the default times they take about five minutes. */
export const MAX_ATTEMPTS = 10;
/** Answers that say that the request itself is wrong; another attempt would be answered alike. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/** Tells every receiver on its own, so that one that is down holds up no other. */
export class Webhooks implements Closable {
  readonly #receivers: readonly Receiver[];

  /** Throws TypeError for a URL that is neither http nor https. */
  constructor(options: WebhookOptions, parts: { readonly log: Logger; readonly counters: EventCounters }) {
    const timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.#receivers = options.urls.map((url) => new Receiver(new URL(url), options.secret, timings, parts));
  }

  tell(news: EventNews): void {
    for (const receiver of this.#receivers) receiver.tell(news);
  }

  /** Gives up what has not been delivered. */
  close(): void {
    for (const receiver of this.#receivers) receiver.close();
  }
}

type Delivery = { readonly id: string; readonly body: string };

class Receiver implements Closable {
  readonly #url: URL;
  readonly #authorization: string | undefined;
  readonly #secret: string | undefined;
  readonly #timings: WebhookTimings;
  readonly #log: Logger;
  readonly #counters: EventCounters;
  readonly #queue = new BoundedQueue<Delivery>({ maxItems: MAX_WAITING, overflow: "drop-oldest" });
  readonly #closing = new AbortController();
  #busy = false;

  constructor(
    url: URL,
    secret: string | undefined,
    timings: WebhookTimings,
    { log, counters }: { readonly log: Logger; readonly counters: EventCounters },
  ) {
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      throw new TypeError(`A webhook is an http or https URL, not one of ${url.protocol}`);
    }
    const account = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#authorization = account === ":" ? undefined : `Basic ${Buffer.from(account).toString("base64")}`;
    this.#url = new URL(url);
    this.#url.username = "";
    this.#url.password = "";
    this.#secret = secret;
    this.#timings = timings;
    this.#log = log;
    this.#counters = counters;
  }

  tell(news: EventNews): void {
    if (this.#closing.signal.aborted) return;
    const lost = this.#queue.push({ id: randomUUID(), body: JSON.stringify(news) });
    if (lost !== undefined) this.#counters.count("webhook", "dropped");
    if (!this.#busy) void this.#run();
  }

  close(): void {
    this.#closing.abort();
    this.#queue.clear();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const result = await this.#deliver(next);
      if (this.#closing.signal.aborted) break;
      this.#counters.count("webhook", result);
    }
    this.#busy = false;
  }

  async #deliver(delivery: Delivery): Promise<"delivered" | "failed"> {
    const { retryBaseMs, retryCapMs } = this.#timings;
    const backoff = new Backoff({
      firstMs: retryBaseMs / 2,
      baseMs: retryBaseMs,
      capMs: retryCapMs,
      random: Math.random,
    });
    for (let attempt = 1; ; attempt += 1) {
      const problem = await this.#attempt(delivery);
      if (problem === undefined) return "delivered";
      if (this.#closing.signal.aborted) return "failed";
      // The host only: what else is in the URL may be a secret.
      const receiver = this.#url.host;
      if (problem.isFinal || attempt === MAX_ATTEMPTS) {
        this.#log.warn({ receiver, attempt }, `A webhook was not delivered: ${problem.text}`);
        return "failed";
      }
      this.#counters.count("webhook", "retried");
      await pause(backoff.nextDelayMs(), undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
    }
  }

  async #attempt({ id, body }: Delivery): Promise<{ text: string; isFinal: boolean } | undefined> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#timings.timeoutMs)]);
    try {
      // A receiver that sends elsewhere would choose whom the hub talks to.
      const request = { method: "POST", body, headers: this.#headers(id, body), signal, redirect: "manual" as const };
      const answer = await fetch(this.#url, request);
      await answer.body?.cancel();
      if (answer.ok) return undefined;
      const redirected = answer.status >= 300 && answer.status < 400;
      return { text: `it was answered with ${answer.status}`, isFinal: redirected || isFinal(answer.status) };
    } catch (error) {
      return { text: describeFailure(error), isFinal: false };
    }
  }

  #headers(id: string, body: string): Record<string, string> {
    const sentAt = String(Math.floor(Date.now() / 1000));
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "user-agent": "sightline",
      "x-sightline-delivery": id,
      "x-sightline-timestamp": sentAt,
    };
    if (this.#authorization !== undefined) headers.authorization = this.#authorization;
    if (this.#secret !== undefined) headers["x-sightline-signature"] = signatureOf(this.#secret, sentAt, body);
    return headers;
  }
}

/** The signature of a delivery: `sha256=` and the HMAC-SHA256 of timestamp, full stop and body, in hexadecimal. */
export function signatureOf(secret: string, sentAt: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${sentAt}.${body}`).digest("hex")}`;
}

function describeFailure(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" ? code : describeError(cause);
}
