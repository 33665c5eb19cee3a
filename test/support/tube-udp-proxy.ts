import { createSocket, type Socket } from "node:dgram";
import type { TubeSignal } from "../../dist/protocol/index.js";
import type { SignalExchange } from "../../dist/tube/core/index.js";

/** What happens to datagrams on the way. */
export type Impairment = { readonly delayMs: number; readonly lossRatio: number };

/**
 * A bad network between two peers: it stands in for every address of the far end, so that all datagrams pass here, and
 * are delayed and lost as set.
 */
export class UdpProxy {
  forwarded = 0;
  lost = 0;
  readonly #impairment: Impairment;
  readonly #sockets: Socket[] = [];

  constructor(impairment: Impairment) {
    this.#impairment = impairment;
  }

  /** Wraps an exchange: the far end's candidates become addresses of the proxy, and ours are kept from it. */
  impair(exchange: SignalExchange): SignalExchange {
    return {
      send: (signal) => {
        if (signal.kind !== "candidate") exchange.send(signal);
      },
      onSignal: (listener) =>
        exchange.onSignal((signal) => {
          if (signal.kind === "candidate") void this.#standIn(signal).then((changed) => changed && listener(changed));
          else listener(signal);
        }),
      close: () => exchange.close(),
    };
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  async #standIn(signal: Extract<TubeSignal, { kind: "candidate" }>): Promise<TubeSignal | undefined> {
    const fields = signal.candidate.split(" ");
    const [address = "", port = ""] = fields.slice(4, 6);
    if (fields[2]?.toLowerCase() !== "udp" || address.includes(":")) return undefined;
    const front = await this.#bind(address);
    const back = await this.#bind(address);
    let near: { address: string; port: number } | undefined;
    front.on("message", (packet, from) => {
      near = from;
      this.#pass(() => back.send(packet, Number(port), address));
    });
    back.on("message", (packet) => {
      this.#pass(() => near && front.send(packet, near.port, near.address));
    });
    fields[5] = String(front.address().port);
    return { ...signal, candidate: fields.join(" ") };
  }

  async #bind(address: string): Promise<Socket> {
    const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    this.#sockets.push(socket);
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return socket;
  }

  #pass(send: () => void): void {
    if (Math.random() < this.#impairment.lossRatio) {
      this.lost += 1;
      return;
    }
    this.forwarded += 1;
    setTimeout(() => {
      try {
        send();
      } catch {
        // The proxy was closed with packets on the way.
      }
    }, this.#impairment.delayMs);
  }
}
