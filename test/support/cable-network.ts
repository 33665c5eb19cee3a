import { execFileSync } from "node:child_process";

/** Whether this process can make networks: that needs root and iproute2. */
export const canBuildNetworks = process.getuid?.() === 0 && process.platform === "linux";

let built = 0;

/**
 * A network of its own for an operator, joined to this one by two virtual cables. The first is the tube's, which tests cut
 * and close for UDP. The second carries the test's own TCP, so that cutting the first one leaves it alone. Close it.
 */
export class CableNetwork {
  /** Of the hub and the agent. */
  readonly hubAddress: string;
  /** Where the operator's forwards are reached, whatever happens to the tube's cable. */
  readonly forwardAddress: string;
  readonly #name: string;
  readonly #cable: string;
  readonly #side: string;

  constructor() {
    built += 1;
    const id = `${process.pid % 100_000}${built}`;
    // Two networks of one process, and of processes beside each other, do not meet.
    const prefix = `10.${213 + (process.pid % 16)}`;
    const first = (((process.pid >> 4) % 25) * 10 + (built % 5) * 2) % 250;
    this.#name = `sltube${id}`;
    this.#cable = `slh${id}`;
    this.#side = `slt${id}`;
    this.hubAddress = `${prefix}.${first}.1`;
    this.forwardAddress = `${prefix}.${first + 1}.2`;
    run("netns", "add", this.#name);
    this.#join(this.#cable, `slo${id}`, this.hubAddress, `${prefix}.${first}.2`);
    this.#join(this.#side, `slu${id}`, `${prefix}.${first + 1}.1`, this.forwardAddress);
    this.inside("link", "set", "lo", "up");
    // Only TCP may use the second cable: the tube must not find its way around the cut.
    this.inside("rule", "add", "pref", "40", "to", `${prefix}.${first + 1}.0/24`, "ipproto", "udp", "blackhole");
    run("rule", "add", ...this.#sideRule());
  }

  /** What runs a program in there. */
  get prefix(): readonly string[] {
    return ["ip", "netns", "exec", this.#name];
  }

  /** Cuts the tube's cable, or joins it again. */
  cut(isCut: boolean): void {
    run("link", "set", this.#cable, isCut ? "down" : "up");
  }

  /** Runs ip in there: rules, addresses. */
  inside(...args: readonly string[]): void {
    run("-n", this.#name, ...args);
  }

  close(): void {
    run("rule", "del", ...this.#sideRule());
    run("netns", "del", this.#name);
  }

  #join(here: string, there: string, hereAddress: string, thereAddress: string): void {
    run("link", "add", here, "type", "veth", "peer", "name", there, "netns", this.#name);
    run("addr", "add", `${hereAddress}/24`, "dev", here);
    run("link", "set", here, "up");
    this.inside("addr", "add", `${thereAddress}/24`, "dev", there);
    this.inside("link", "set", there, "up");
  }

  #sideRule(): readonly string[] {
    return ["pref", "40", "to", `${this.forwardAddress}/32`, "ipproto", "udp", "blackhole"];
  }
}

function run(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}
