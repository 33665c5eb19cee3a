import type { Codec } from "../../protocol/index.ts";

/** Which codecs this browser can show here, best first, and why not H.264 when it is missing (else ""). */
export type CodecChoice = { readonly codecs: readonly Codec[]; readonly reason: string };

/** Level 4.0 constrained baseline: what every H.264 decoder can do up to 1920x1080. */
const PROBE_CODEC = "avc1.42e028";

/** Asks the browser. WebCodecs exists in secure contexts only; everything can show JPEG. */
export async function chooseCodecs(secure: boolean): Promise<CodecChoice> {
  if (!secure) {
    return {
      codecs: ["jpeg"],
      reason:
        "This page came over plain HTTP, where browsers switch video decoding off. " +
        "Pictures are sent one by one as JPEG. Open the hub over HTTPS or on localhost for video.",
    };
  }
  if (typeof VideoDecoder === "undefined") {
    return { codecs: ["jpeg"], reason: "This browser has no WebCodecs, so pictures are sent one by one as JPEG." };
  }
  try {
    const support = await VideoDecoder.isConfigSupported({ codec: PROBE_CODEC, optimizeForLatency: true });
    if (support.supported) return { codecs: ["h264", "jpeg"], reason: "" };
  } catch {
    // Falls through: a browser that cannot answer cannot decode.
  }
  return { codecs: ["jpeg"], reason: "This browser cannot decode H.264, so pictures are sent one by one as JPEG." };
}
