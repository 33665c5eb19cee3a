import mqtt, { type MqttClient } from "mqtt";
import type { Logger } from "pino";
import { BoundedQueue, describeError } from "../../base/index.ts";
import type { EventCounters } from "./event-counters.ts";
import type { EventNews } from "./event-news.ts";

/** Which broker is told. */
export type MqttOptions = {
  /** mqtt, mqtts, ws or wss; user and password may stand in it. Never logged. */
  readonly url: string;
  /** Topics are `<prefix>/availability` and `<prefix>/motion/<source>`. */
  readonly topicPrefix: string;
};

/** News that wait for the broker; one more drops the oldest. */
export const MAX_WAITING_FOR_BROKER = 200;
const RECONNECT_MS = 3000;
const CONNECT_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 2000;
/** At least once: the broker confirms each. */
const QOS = 1;

type Message = { readonly topic: string; readonly payload: string };

/**
 * Publishes news to a broker while it is there, one after the other, and keeps the newest while it is not. The topic
 * `availability` holds "online" or "offline"; the broker itself says "offline" when the hub vanishes.
 */
export class MqttPublisher {
  readonly #prefix: string;
  readonly #client: MqttClient;
  readonly #log: Logger;
  readonly #counters: EventCounters;
  readonly #queue = new BoundedQueue<Message>({ maxItems: MAX_WAITING_FOR_BROKER, overflow: "drop-oldest" });
  /** Taken from the queue and not confirmed yet. */
  #sending: Message | undefined;
  #problem = "";
  #closing: Promise<void> | undefined;

  constructor(options: MqttOptions, parts: { readonly log: Logger; readonly counters: EventCounters }) {
    this.#prefix = options.topicPrefix;
    this.#log = parts.log;
    this.#counters = parts.counters;
    const will = { topic: this.#availabilityTopic, payload: Buffer.from("offline"), qos: QOS, retain: true } as const;
    this.#client = mqtt.connect(options.url, {
      will,
      // Spread, so that hubs that lost the same broker do not come back at the same moment.
      reconnectPeriod: RECONNECT_MS * (0.75 + Math.random() / 2),
      connectTimeout: CONNECT_TIMEOUT_MS,
      // What waits is kept here, where it is bounded.
      queueQoSZero: false,
      resubscribe: false,
    });
    this.#client.on("connect", () => this.#connected());
    this.#client.on("error", (error) => this.#failed(describeError(error)));
    this.#client.on("close", () => this.#failed("The connection ended."));
  }

  get #availabilityTopic(): string {
    return `${this.#prefix}/availability`;
  }

  tell(news: EventNews): void {
    if (this.#closing !== undefined) return;
    const topic = `${this.#prefix}/motion/${topicPart(news.event.source)}`;
    const lost = this.#queue.push({ topic, payload: JSON.stringify(news) });
    if (lost !== undefined) this.#counters.count("mqtt", "dropped");
    this.#sendNext();
  }

  /** Says goodbye to the broker, where it is there. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #connected(): void {
    this.#problem = "";
    this.#log.info("Connected to the MQTT broker");
    this.#client.publish(this.#availabilityTopic, "online", { qos: QOS, retain: true }, ignore);
    this.#sendNext();
  }

  #failed(problem: string): void {
    if (this.#closing !== undefined || this.#problem !== "") return;
    // Once for each time that it is away, not for each attempt.
    this.#problem = problem;
    this.#log.warn(`The MQTT broker cannot be reached: ${problem}`);
  }

  #sendNext(): void {
    if (this.#sending !== undefined || !this.#client.connected || this.#closing !== undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#sending = next;
    // The client itself sends it again after a lost connection, until it is confirmed.
    this.#client.publish(next.topic, next.payload, { qos: QOS }, (error) => {
      this.#sending = undefined;
      this.#counters.count("mqtt", error == null ? "delivered" : "failed");
      this.#sendNext();
    });
  }

  async #close(): Promise<void> {
    this.#queue.clear();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    if (this.#client.connected) await Promise.race([this.#sayGoodbye().catch(ignore), late]);
    await Promise.race([this.#client.endAsync(true).catch(ignore), late]);
    clearTimeout(timer);
  }

  async #sayGoodbye(): Promise<void> {
    await this.#client.publishAsync(this.#availabilityTopic, "offline", { qos: QOS, retain: true });
    await this.#client.endAsync();
  }
}

function ignore(): void {}

/** A source's path as part of a topic, where `+` and `#` have a meaning of their own and NUL is not allowed. */
export function topicPart(source: string): string {
  return source.replace(/[+#\0]/g, "_");
}
