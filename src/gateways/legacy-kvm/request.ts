import type { Codec, SourceInfo } from "../../protocol/index.ts";

/** What the client's WebSocket URL asks for. */
export type LegacyRequest = {
  readonly path: string;
  /** Index in the list of monitors that the client was sent, or would have been. */
  readonly monitor: number;
  readonly codec: string;
};

/** Which wire a client gets: `auto` by the codec that it names, `json` always raw RGB inside JSON. */
export type LegacyProfile = "auto" | "json";

const SEED_CODEC = "vp8";
const RAW_CODECS: ReadonlySet<string> = new Set(["rgba", "yuv420_webm"]);

/** Reads the request's target. The original documents `;` between parameters and splits at `&`; both are fine. */
export function readRequest(target: string): LegacyRequest {
  const [path = "", query = ""] = target.split("?", 2);
  const parameters = new URLSearchParams(query.replaceAll(";", "&"));
  const monitor = parameters.get("monitor") ?? "";
  return {
    path,
    monitor: /^\d{1,4}$/.test(monitor) ? Number(monitor) : 0,
    codec: parameters.get("codec") ?? SEED_CODEC,
  };
}

/**
 * The pictures that the client decodes. The seed's reads every frame as run lengths where the width is 1 modulo 256, and
 * at any other width only the first one, then deltas: it looks for the keyframe flag in the width's lowest byte.
 */
export function chooseCodec(request: LegacyRequest, profile: LegacyProfile, width: number): Codec {
  if (profile === "json") return "kvm-json";
  if (RAW_CODECS.has(request.codec)) return "kvm-rgba";
  return width % 256 === 1 ? "kvm-rle" : "kvm-delta";
}

/**
 * The sources in the order that numbers them for this wire: screens before cameras, primary ones first, then by path, which
 * stays the same.
 */
export function monitorOrder(sources: readonly SourceInfo[]): SourceInfo[] {
  return sources
    .filter((source) => source.grants.includes("view"))
    .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}

function rank({ kind, primary }: SourceInfo): number {
  return (kind === "screen" ? 0 : 2) + (primary ? 0 : 1);
}
