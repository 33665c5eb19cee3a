import { Counter, type Registry } from "prom-client";

/** How often news about movements went out, by the way they took. */
export class EventCounters {
  readonly #news: Counter<"way" | "result">;

  constructor(registry: Registry) {
    this.#news = new Counter({
      name: "sightline_event_news_total",
      help: "News about movements: delivered, tried again, given up, or dropped because too many waited.",
      labelNames: ["way", "result"] as const,
      registers: [registry],
    });
  }

  count(way: "webhook" | "mqtt", result: "delivered" | "retried" | "failed" | "dropped"): void {
    this.#news.inc({ way, result });
  }
}
