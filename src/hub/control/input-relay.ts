import { decodeInput, type Input, stampInputViewer } from "../../protocol/index.ts";
import { grantsFor, type Source, type ViewerPort } from "../ports.ts";
import { type ControlDesk, mayDrive } from "./control-desk.ts";

/** A viewer whose input is ignored hears of it at most this often. */
const REFUSAL_INTERVAL_MS = 1000;

/** What the relay needs to know of sources. Both throw `ProtocolError` for a source that the viewer cannot know. */
export type InputRelayOptions = {
  readonly desk: ControlDesk;
  readonly sourceFor: (viewer: ViewerPort, sourceId: number) => Source;
  readonly watches: (viewer: ViewerPort, sourceId: number) => boolean;
};

/** Passes a viewer's input on to the agent, stamped with the viewer's number, if the viewer may drive the source. */
export class InputRelay {
  readonly #options: InputRelayOptions;
  readonly #refusedMs = new WeakMap<ViewerPort, number>();

  constructor(options: InputRelayOptions) {
    this.#options = options;
  }

  /** A binary input message. Throws `ProtocolError`. */
  input(viewer: ViewerPort, message: Uint8Array): void {
    const input = decodeInput(message);
    const source = this.#options.sourceFor(viewer, input.source);
    const grant = input.kind === "pointer" || input.kind === "wheel" ? "pointer" : "keyboard";
    if (!this.#permits(viewer, source, grant, releasesOnly(input))) return;
    stampInputViewer(message, viewer.id);
    source.agent?.deliver(message);
  }

  /** Text to type. Throws `ProtocolError`. */
  text(viewer: ViewerPort, message: { source: number; sequence: number; text: string }): void {
    const source = this.#options.sourceFor(viewer, message.source);
    if (!this.#permits(viewer, source, "keyboard", false)) return;
    source.agent?.command({ ...message, type: "text", viewer: viewer.id });
  }

  /** A viewer asks for control or gives it up. Throws `ProtocolError`. */
  control(viewer: ViewerPort, message: { source: number; take: boolean }): void {
    const source = this.#options.sourceFor(viewer, message.source);
    const { desk } = this.#options;
    if (!message.take) desk.release(viewer, source, "");
    else if (!mayDrive(viewer, source)) desk.tell(viewer, source, "This link may watch only.");
    else if (!this.#options.watches(viewer, source.id)) desk.tell(viewer, source, "The source is not being watched.");
    else desk.take(viewer, source);
  }

  #permits(viewer: ViewerPort, source: Source, grant: "pointer" | "keyboard", releasesOnly: boolean): boolean {
    const { desk, watches } = this.#options;
    if (!grantsFor(viewer.access, source.path).includes(grant)) {
      return this.#refuse(viewer, source, `This link has no right to use the ${grant}.`);
    }
    if (!watches(viewer, source.id)) return this.#refuse(viewer, source, "The source is not being watched.");
    if (source.agent === undefined) return false;
    // A page that lost the focus lets go of everything; that is no wish to take control.
    if (releasesOnly && !desk.holds(viewer, source)) return false;
    return desk.drive(viewer, source) || this.#refuse(viewer, source, "Another viewer has control.");
  }

  #refuse(viewer: ViewerPort, source: Source, reason: string): false {
    const nowMs = performance.now();
    if (nowMs - (this.#refusedMs.get(viewer) ?? Number.NEGATIVE_INFINITY) >= REFUSAL_INTERVAL_MS) {
      this.#refusedMs.set(viewer, nowMs);
      this.#options.desk.tell(viewer, source, reason);
    }
    return false;
  }
}

function releasesOnly(input: Input): boolean {
  return (input.kind === "held-keys" && input.usages.length === 0) || (input.kind === "key" && !input.down);
}
