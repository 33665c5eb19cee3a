import { type Closable, Emitter, type Event } from "../../../base/index.ts";
import { type MachineList, machineListSchema, TunnelService } from "../../../protocol/index.ts";
import {
  type ConnectionClose,
  type DiallerStatus,
  type OpenRequest,
  SESSION_ID_BYTES,
  type TransportKind,
  type TubeConnection,
  TubeDialler,
} from "../../../tube/core/index.ts";
import { PagePeer } from "./page-peer.ts";
import { pageTimers } from "./page-timers.ts";
import type { SignalHub } from "./signal-hub.ts";
import { openRelay } from "./websocket-transport.ts";

/** How agents are reached. Other than `auto` and `relayOnly: false` it is for tests and for who looks for a fault. */
export type TubeWay = { readonly transport: "auto" | TransportKind; readonly relayOnly: boolean };

/** What this page shows of a tube before it has connected. */
const FIRST_STATUS: DiallerStatus = { state: "connecting", transport: undefined, text: "Connecting." };

/** The page's tube to one agent: WebRTC, or a WebSocket through the hub where that does not work. */
export class AgentTube implements Closable {
  readonly agent: string;
  readonly #dialler: TubeDialler;
  readonly #changes = new Emitter<DiallerStatus>();
  #status = FIRST_STATUS;
  readonly #unsubscribe: () => void;

  readonly onStatus: Event<DiallerStatus> = this.#changes.event;

  constructor(agent: string, hub: SignalHub, { transport, relayOnly }: TubeWay) {
    this.agent = agent;
    this.#dialler = new TubeDialler({
      ports: {
        timers: pageTimers,
        relayOnly,
        canSignal: () => hub.isConnected,
        beginExchange: () => hub.beginExchange(agent),
        createPeer: (iceServers) => new PagePeer(iceServers, relayOnly),
        openRelay,
      },
      transport,
      newSession: () => crypto.getRandomValues(new Uint8Array(SESSION_ID_BYTES)),
      random: Math.random,
      // Agents open connections only for listeners, and a page asks for none.
      listener: { open: (connection) => connection.close("client") },
    });
    this.#dialler.onStatus((status) => {
      this.#status = status;
      this.#changes.emit(status);
    });
    this.#unsubscribe = hub.onConnected(() => this.#dialler.start());
    this.#dialler.start();
  }

  get status(): DiallerStatus {
    return this.#status;
  }

  /** Opens a connection; what is written before the tube is live waits. */
  open(request: OpenRequest): TubeConnection {
    return this.#dialler.channel.open(request);
  }

  /** What the agent offers. Rejects with a sentence for people. */
  async listMachines(): Promise<MachineList> {
    const text = await readAll(this.open({ kind: "service", service: TunnelService.machines, parameters: {} }));
    return machineListSchema.parse(JSON.parse(text));
  }

  close(): void {
    this.#unsubscribe();
    this.#dialler.close();
    this.#changes.close();
  }
}

/** Everything that comes until the other end says that it is all. */
function readAll(connection: TubeConnection): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  return new Promise((resolve, reject) => {
    connection.receiveInto({
      data(bytes) {
        text += decoder.decode(bytes, { stream: true });
        connection.consumed(bytes.length);
      },
      end() {
        resolve(text + decoder.decode());
        connection.end();
      },
      writable: () => undefined,
      closed: (close) => reject(new Error(closeInWords(close))),
    });
  });
}

/** Why a connection ended, in one sentence. */
export function closeInWords({ reason, text }: ConnectionClose): string {
  if (text !== "") return text;
  return reason === "normal" ? "The connection has ended." : `The connection has ended (${reason}).`;
}
