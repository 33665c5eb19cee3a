import { BlockList, isIP } from "node:net";
import { EnvironmentError } from "../../base/index.ts";

type Rule = {
  /** "*", "*.domain", or a whole name in lower case; undefined for a rule of addresses. */
  readonly name: string | undefined;
  readonly addresses: BlockList | undefined;
  readonly fromPort: number;
  readonly toPort: number;
};

/** Addresses that lead back to the machine itself or to its link; only a rule that names them outright reaches them. */
const INWARD = inwardAddresses();

/**
 * What may be reached: entries "host:ports" with commas in between; nothing unless it is listed. A host is a name, a
 * `*.domain` (not the domain itself), an address, a CIDR block, or `*` for all; ports are one, a range "8000-8099", or
 * `*`. IPv6 stands in brackets: "[fd00::/8]:443".
 */
export class TargetRules {
  readonly #rules: readonly Rule[];

  /** Throws {@link EnvironmentError} for an entry that cannot be read. */
  constructor(text: string | undefined) {
    this.#rules = (text ?? "")
      .split(/[\s,]+/)
      .filter((entry) => entry !== "")
      .map(parseRule);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether anything at all could be allowed under this name, so that names need not be resolved for nothing. */
  mayAllow(host: string, port: number): boolean {
    return this.#rules.some(
      (rule) => coversPort(rule, port) && (rule.addresses !== undefined || coversName(rule, normalize(host))),
    );
  }

  /** Whether `address`, to which `host` resolved (or which it is), may be dialled. This very address, and no other. */
  allows(host: string, address: string, port: number): boolean {
    const name = normalize(host);
    const plain = withoutMapping(address);
    const isInward = INWARD.check(plain, familyOf(plain));
    return this.#rules.some((rule) => {
      if (!coversPort(rule, port)) return false;
      if (rule.addresses !== undefined) return rule.addresses.check(plain, familyOf(plain));
      return coversName(rule, name) && (!isInward || rule.name === name);
    });
  }
}

function parseRule(entry: string): Rule {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\*|\d{1,5}(?:-\d{1,5})?)$/.exec(entry);
  const host = match?.[1] ?? match?.[2];
  const [from, to] = portsOf(match?.[3]);
  if (host === undefined || from === undefined || to === undefined) throw wrongEntry(entry);
  const ports = { fromPort: from, toPort: to };
  const [address, prefix] = host.split("/") as [string, string?];
  if (isIP(address) === 0) {
    if (prefix !== undefined || !/^(\*|(\*\.)?[\w-]+(\.[\w-]+)*\.?)$/.test(host)) throw wrongEntry(entry);
    return { name: normalize(host), addresses: undefined, ...ports };
  }
  const bits = prefix === undefined ? (isIP(address) === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (isIP(address) === 4 ? 32 : 128)) throw wrongEntry(entry);
  const addresses = new BlockList();
  addresses.addSubnet(address, bits, familyOf(address));
  return { name: undefined, addresses, ...ports };
}

function portsOf(text: string | undefined): [number | undefined, number | undefined] {
  if (text === "*") return [0, 65_535];
  const [from, to = from] = (text ?? "").split("-").map(Number);
  return from !== undefined && to !== undefined && from <= to && to <= 65_535 ? [from, to] : [undefined, undefined];
}

function wrongEntry(entry: string): EnvironmentError {
  return new EnvironmentError(
    `The tunnel rule ${JSON.stringify(entry)} cannot be read.`,
    'Write "host:port", for example "db.internal:5432", "*.lan:22", "10.0.0.0/8:8000-8099" or "[fd00::/8]:443".',
  );
}

function coversPort({ fromPort, toPort }: Rule, port: number): boolean {
  return port >= fromPort && port <= toPort;
}

function coversName({ name }: Rule, host: string): boolean {
  if (name === undefined) return false;
  return name === "*" || name === host || (name.startsWith("*.") && host.endsWith(name.slice(1)));
}

function normalize(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** "::ffff:10.0.0.1" is 10.0.0.1, for rules as for the kernel. */
function withoutMapping(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address;
}

function inwardAddresses(): BlockList {
  const list = new BlockList();
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addSubnet("169.254.0.0", 16, "ipv4");
  list.addSubnet("0.0.0.0", 8, "ipv4");
  list.addSubnet("224.0.0.0", 3, "ipv4");
  list.addAddress("::1", "ipv6");
  list.addAddress("::", "ipv6");
  list.addSubnet("fe80::", 10, "ipv6");
  list.addSubnet("ff00::", 8, "ipv6");
  return list;
}
