import { encodeInput } from "../../protocol/index.ts";
import type { HubConnection } from "../link/index.ts";
import type { InputDraft } from "../messages.ts";
import type { LatencyTracker } from "../timing/index.ts";

/** Numbers input drafts, addresses them to a source and sends them at once. */
export class InputSender {
  readonly #connection: HubConnection;
  readonly #tracker: LatencyTracker;
  #sequence = 0;
  #buttons = 0;

  constructor(connection: HubConnection, tracker: LatencyTracker) {
    this.#connection = connection;
    this.#tracker = tracker;
  }

  /** `sentUs` is when the event happened in the page, on the worker's clock. */
  send(draft: InputDraft, source: number, sentUs: number): void {
    this.#sequence = (this.#sequence + 1) >>> 0;
    const sequence = this.#sequence;
    this.#tracker.inputSent(sequence, sentUs, this.#asksForReaction(draft));
    if (draft.kind === "text") this.#connection.send({ type: "text", source, sequence, text: draft.text });
    else this.#connection.sendBytes(encodeInput({ ...draft, viewer: 0, sequence, source }));
  }

  #asksForReaction(draft: InputDraft): boolean {
    switch (draft.kind) {
      case "pointer": {
        const pressed = (draft.buttons & ~this.#buttons) !== 0;
        this.#buttons = draft.buttons;
        return pressed;
      }
      case "key":
        return draft.down;
      case "held-keys":
        return false;
      default:
        return true;
    }
  }
}
