import { AgentTube, type TubeWay } from "./tube/agent-tube.ts";
import { SignalHub } from "./tube/signal-hub.ts";

/** A tube that nobody uses is kept this long: the next connection is then open at once. */
const IDLE_MS = 30_000;

type Entry = { readonly tube: AgentTube; users: number; timer: ReturnType<typeof setTimeout> | undefined };

/** The page's tubes, one for each agent while somebody uses it. */
export class TubePool {
  readonly #way: TubeWay;
  readonly #entries = new Map<string, Entry>();
  #hub: SignalHub | undefined;

  constructor(way: TubeWay) {
    this.#way = way;
  }

  /** The tube to an agent. Whoever asked gives it back with `release`, once. */
  acquire(agent: string): AgentTube {
    let entry = this.#entries.get(agent);
    // One that was refused for good will not come back by itself.
    if (entry?.tube.status.state === "refused") {
      this.#drop(agent);
      entry = undefined;
    }
    if (entry === undefined) {
      this.#hub ??= new SignalHub();
      entry = { tube: new AgentTube(agent, this.#hub, this.#way), users: 0, timer: undefined };
      this.#entries.set(agent, entry);
    }
    clearTimeout(entry.timer);
    entry.users += 1;
    return entry.tube;
  }

  release(tube: AgentTube): void {
    const entry = this.#entries.get(tube.agent);
    if (entry?.tube !== tube) return;
    entry.users -= 1;
    if (entry.users === 0) entry.timer = setTimeout(() => this.#drop(tube.agent), IDLE_MS);
  }

  #drop(agent: string): void {
    clearTimeout(this.#entries.get(agent)?.timer);
    this.#entries.get(agent)?.tube.close();
    this.#entries.delete(agent);
    if (this.#entries.size > 0) return;
    this.#hub?.close();
    this.#hub = undefined;
  }
}
