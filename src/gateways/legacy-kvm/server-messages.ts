import type { Codec, SourceInfo, Tier } from "../../protocol/index.ts";

const QUALITY: Readonly<Record<Tier, number>> = { ultra: 95, standard: 80, emergency: 65 };

/** Tells the client the size that its coordinates are in, and its title. */
export function serverInfo(source: SourceInfo, monitor: number, hostname: string, codec: Codec): string {
  return JSON.stringify({
    type: "server_info",
    width: source.width,
    height: source.height,
    hostname,
    monitor,
    codec,
    audio: false,
  });
}

/** Fills the client's list of monitors, of which the first is always a primary one; without it the client makes one up. */
export function monitors(sources: readonly SourceInfo[]): string {
  return JSON.stringify({
    type: "monitors",
    monitors: sources.map(({ path, name, agent, width, height, primary }, index) => ({
      id: path,
      name: `${agent} ${name}`,
      width,
      height,
      is_primary: primary || index === 0,
    })),
  });
}

/** Answers a ping; times are in milliseconds, the client's own comes back unchanged. */
export function pong(timestamp: number | null, nowMs: number): string {
  return JSON.stringify({ type: "pong", timestamp, server_timestamp: nowMs });
}

/** The number that the client shows as quality, in its own three steps. */
export function qualityUpdate(tier: Tier): string {
  return JSON.stringify({ type: "quality_update", quality: QUALITY[tier] });
}
