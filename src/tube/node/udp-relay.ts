import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { describeError } from "../../base/index.ts";
import { decodeUdpRequest } from "../../codecs/tube/index.ts";
import type { DatagramMessage, TubeChannel } from "../core/index.ts";
import { resolveTarget } from "./dial-target.ts";
import type { TargetRules } from "./target-rules.ts";
import { addressText, encodeSocksDatagram } from "./udp-packet.ts";

/** Associations of one tube at once; one more is refused. */
const MAX_ASSOCIATIONS = 64;

/** Clients of one association, each with sockets of its own; packets of one more are dropped. */
const MAX_CLIENTS = 16;

/** Names whose checked address is remembered, and for how long. */
const MAX_NAMES = 256;
const NAME_MS = 30_000;

/** A client that neither sends nor gets anything for this long is forgotten. */
const IDLE_MS = 120_000;

type Client = { readonly sockets: Map<4 | 6, Socket>; readonly client: UdpClient; timer: NodeJS.Timeout };
type UdpClient = Extract<DatagramMessage, { client: unknown }>["client"];
type Association = { readonly clients: Map<string, Client>; readonly targets: Set<string> };
type Resolved = { readonly addresses: Promise<string[]>; readonly untilMs: number };

/** The far end of SOCKS5 UDP: sends datagrams to targets that the rules allow, and what comes back to who asked. */
export class UdpRelay {
  readonly #channel: TubeChannel;
  readonly #rules: TargetRules;
  readonly #audit: (event: "opened" | "refused", connection: number, target: string, detail: string) => void;
  readonly #associations = new Map<number, Association>();
  readonly #names = new Map<string, Resolved>();
  #dropped = 0;

  constructor(
    channel: TubeChannel,
    rules: TargetRules,
    audit: (event: "opened" | "refused", connection: number, target: string, detail: string) => void,
  ) {
    this.#channel = channel;
    this.#rules = rules;
    this.#audit = audit;
  }

  get associations(): number {
    return this.#associations.size;
  }

  /** Packets that were not allowed, too many, or could not be sent. */
  get dropped(): number {
    return this.#dropped;
  }

  receive(message: DatagramMessage): void {
    if (message.type === "udp-associate") this.#associate(message.connection);
    else if (message.type === "udp-packet") void this.#forward(message.connection, message.client, message.data);
    else if (message.type === "udp-associate-closed") this.#close(message.connection);
  }

  close(): void {
    for (const number of [...this.#associations.keys()]) this.#close(number);
  }

  #associate(connection: number): void {
    if (this.#associations.size >= MAX_ASSOCIATIONS) {
      this.#channel.sendDatagram({ type: "udp-associate-closed", connection });
      return;
    }
    if (!this.#associations.has(connection)) {
      this.#associations.set(connection, { clients: new Map(), targets: new Set() });
    }
    this.#channel.sendDatagram({ type: "udp-associate-opened", connection, port: 0 });
  }

  async #forward(connection: number, client: UdpClient, data: Uint8Array): Promise<void> {
    const association = this.#associations.get(connection);
    if (association === undefined) return;
    try {
      const { host, port, payload } = decodeUdpRequest(data);
      const target = `${host}:${port}`;
      const addresses = await this.#resolve(host, port).catch((error: unknown) => {
        this.#note(association, "refused", connection, target, describeError(error));
        throw error;
      });
      if (this.#associations.get(connection) !== association) return;
      const address = addresses[0] as string;
      this.#note(association, "opened", connection, target, address);
      this.#socketFor(association, connection, client, isIP(address) as 4 | 6)?.send(payload, port, address);
    } catch {
      this.#dropped += 1;
    }
  }

  #note(
    association: Association,
    event: "opened" | "refused",
    connection: number,
    target: string,
    detail: string,
  ): void {
    const key = `${event} ${target}`;
    if (association.targets.has(key) || association.targets.size >= MAX_NAMES) return;
    association.targets.add(key);
    this.#audit(event, connection, target, detail);
  }

  #resolve(host: string, port: number): Promise<string[]> {
    const key = `${host} ${port}`;
    const known = this.#names.get(key);
    if (known !== undefined && performance.now() < known.untilMs) return known.addresses;
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    const addresses = resolveTarget(host, port, this.#rules);
    this.#names.set(key, { addresses, untilMs: performance.now() + NAME_MS });
    return addresses;
  }

  #socketFor(association: Association, connection: number, client: UdpClient, family: 4 | 6): Socket | undefined {
    const key = `${addressText(client.address)} ${client.port}`;
    let entry = association.clients.get(key);
    if (entry === undefined) {
      if (association.clients.size >= MAX_CLIENTS) throw new RangeError("There are too many clients.");
      const kept = { address: client.address.slice(), port: client.port };
      const timer = setTimeout(() => this.#forget(association, key), IDLE_MS);
      entry = { sockets: new Map(), client: kept, timer };
      association.clients.set(key, entry);
    }
    entry.timer.refresh();
    const existing = entry.sockets.get(family);
    if (existing !== undefined) return existing;
    const socket = createSocket(family === 4 ? "udp4" : "udp6");
    const { timer, client: to } = entry;
    socket.on("error", () => {
      this.#dropped += 1;
    });
    socket.on("message", (payload: Buffer, from: RemoteInfo) => {
      timer.refresh();
      const data = encodeSocksDatagram({ host: from.address, port: from.port, payload });
      this.#channel.sendDatagram({ type: "udp-packet", connection, client: to, data });
    });
    entry.sockets.set(family, socket);
    return socket;
  }

  #forget(association: Association, key: string): void {
    const client = association.clients.get(key);
    association.clients.delete(key);
    if (client === undefined) return;
    clearTimeout(client.timer);
    for (const socket of client.sockets.values()) socket.close();
  }

  #close(number: number): void {
    const association = this.#associations.get(number);
    this.#associations.delete(number);
    for (const key of [...(association?.clients.keys() ?? [])]) this.#forget(association as Association, key);
  }
}
