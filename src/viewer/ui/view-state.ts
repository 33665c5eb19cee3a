import type { Codec, SourceInfo, TierState } from "../../protocol/index.ts";
import type {
  ControlHolder,
  LinkState,
  PictureState,
  StreamInfo,
  StreamPerformance,
  WorkerToPage,
} from "../messages.ts";
import type { PainterReport } from "../render/index.ts";
import type { TimingReport } from "../timing/index.ts";

/** Everything a page needs to draw controls around a view. Read-only; `sightline-change` tells when it changed. */
export type ViewState = {
  readonly link: LinkState;
  readonly sources: readonly SourceInfo[];
  /** The source being shown or switched to; undefined before the list came. */
  readonly source: SourceInfo | undefined;
  readonly stream: StreamInfo | undefined;
  readonly performance: StreamPerformance | undefined;
  /** What this viewer is promised now and why; undefined before the hub has said so. */
  readonly tier: TierState | undefined;
  readonly picture: PictureState;
  readonly control: ControlHolder;
  readonly painter: PainterReport | undefined;
  readonly timings: TimingReport | undefined;
  /** Codecs this browser can show here; `reason` says why video is not among them (else ""). */
  readonly decoding: { readonly codecs: readonly Codec[]; readonly reason: string };
};

export const INITIAL_STATE: ViewState = {
  link: { phase: "connecting", attempt: 0 },
  sources: [],
  source: undefined,
  stream: undefined,
  performance: undefined,
  tier: undefined,
  picture: { kind: "none", reason: "Connecting." },
  control: "nobody",
  painter: undefined,
  timings: undefined,
  decoding: { codecs: [], reason: "" },
};

/** The state after a message of the worker; the same object when the message is none of its business. */
export function reduceState(state: ViewState, message: WorkerToPage): ViewState {
  switch (message.type) {
    case "link":
      return { ...state, link: message.state };
    case "sources":
      return withSource({ ...state, sources: message.sources }, state.stream);
    case "stream":
      return withSource({ ...state, performance: undefined }, message.stream);
    case "performance":
      return { ...state, performance: message.performance };
    case "tier":
      return { ...state, tier: message.tier };
    case "picture":
      return { ...state, picture: message.state };
    case "control":
      return { ...state, control: message.holder };
    case "painter":
      return { ...state, painter: message.report };
    case "timings":
      return { ...state, timings: message.report };
    case "decoding":
      return { ...state, decoding: { codecs: message.codecs, reason: message.reason } };
    default:
      return state;
  }
}

function withSource(state: ViewState, stream: StreamInfo | undefined): ViewState {
  // Numbers change with the hub's life, so a source that is missing for a moment keeps its last description.
  const source = state.sources.find(({ id }) => id === stream?.source) ?? state.source;
  return { ...state, stream, source };
}
