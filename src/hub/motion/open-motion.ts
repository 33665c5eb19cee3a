import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { HttpContext } from "../http/index.ts";
import { IN_MEMORY, openStore, type Store } from "../store/index.ts";
import { EventCounters } from "./event-counters.ts";
import { newsOf } from "./event-news.ts";
import { addEventRoutes } from "./event-routes.ts";
import { type EventLimits, EventStore } from "./event-store.ts";
import { MotionDesk } from "./motion-desk.ts";
import { type MqttOptions, MqttPublisher } from "./mqtt-publisher.ts";
import { type WebhookOptions, Webhooks } from "./webhooks.ts";

/** What is kept of movements, and who is told; what is left out has its default, and nobody is told. */
export type EventOptions = Partial<EventLimits> & {
  readonly webhooks?: WebhookOptions;
  readonly mqtt?: MqttOptions;
};

const DEFAULT_LIMITS: EventLimits = { keepMs: 30 * 86_400_000, maxEvents: 10_000, maxSnapshotBytes: 500 << 20 };

/** The hub's part for movements. */
export type Motion = {
  /** Takes the reports. */
  readonly desk: MotionDesk;
  addRoutes(app: FastifyInstance, context: HttpContext): void;
  /** Ends what goes on, says goodbye to the broker and gives up what waits. Idempotent. */
  close(): Promise<void>;
};

type MotionParts = {
  /** Undefined: events last as long as the hub. */
  readonly store: Store | undefined;
  readonly hubName: string;
  readonly registry: Registry;
  readonly log: Logger;
};

/** Opens the desk and the ways out. Throws TypeError for a webhook of another scheme than http and https. */
export function openMotion(options: EventOptions, { store, hubName, registry, log }: MotionParts): Motion {
  const ownStore = store === undefined ? openStore(IN_MEMORY) : undefined;
  const limits = { ...DEFAULT_LIMITS, ...options };
  const events = new EventStore((store ?? ownStore) as Store, limits);
  const desk = new MotionDesk(events, Date.now);
  const parts = { log, counters: new EventCounters(registry) };
  const webhooks = new Webhooks(options.webhooks ?? { urls: [], secret: undefined }, parts);
  const publisher = options.mqtt === undefined ? undefined : new MqttPublisher(options.mqtt, parts);
  desk.onChange((change) => {
    const news = newsOf(change, hubName);
    if (news === undefined) return;
    webhooks.tell(news);
    publisher?.tell(news);
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    desk.close();
    webhooks.close();
    await publisher?.close();
    ownStore?.close();
  };
  return {
    desk,
    addRoutes: (app, context) => addEventRoutes(app, { context, store: events }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
