import type { HubOptions } from "../hub/index.ts";
import type { Config } from "../node/config/index.ts";

const DAY_MS = 86_400_000;

/** What the hub keeps of movements and whom it tells, as the configuration says. */
export function eventOptions({ events }: Pick<Config, "events">): NonNullable<HubOptions["events"]> {
  const { keepDays, maxEvents, snapshotMegabytes, webhooks, webhookSecret, mqtt, mqttTopic } = events;
  return {
    keepMs: keepDays * DAY_MS,
    maxEvents,
    maxSnapshotBytes: snapshotMegabytes * (1 << 20),
    webhooks: { urls: webhooks?.split(",") ?? [], secret: webhookSecret },
    ...(mqtt === undefined ? {} : { mqtt: { url: mqtt, topicPrefix: mqttTopic } }),
  };
}
