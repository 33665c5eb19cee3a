import { ProtocolError } from "../../base/index.ts";
import { decodeSocksTarget, encodeSocksTarget } from "../../codecs/tube/index.ts";

/**
 * What a connection shall lead to: a TCP target, which the far side resolves, or a service of the far side by its name,
 * with parameters that only that service understands.
 */
export type OpenRequest =
  | { readonly kind: "target"; readonly host: string; readonly port: number }
  | { readonly kind: "service"; readonly service: string; readonly parameters: Readonly<Record<string, unknown>> };

/** First byte of a service's request. A target begins with the length of its host, whose first byte is always 0. */
const SERVICE_TAG = 1;

/** The largest request. */
export const MAX_OPEN_REQUEST_BYTES = 32 << 10;

/** The `data` of an `open-connection`: a SOCKS target as existing tubes send it, or byte 1 and the service as JSON. */
export function encodeOpenRequest(request: OpenRequest): Uint8Array {
  if (request.kind === "target") return encodeSocksTarget(request);
  const text = new TextEncoder().encode(JSON.stringify({ service: request.service, ...request.parameters }));
  const data = new Uint8Array(1 + text.length);
  data[0] = SERVICE_TAG;
  data.set(text, 1);
  return data;
}

/** Reads what {@link encodeOpenRequest} wrote. Throws ProtocolError. */
export function decodeOpenRequest(data: Uint8Array): OpenRequest {
  if (data.length > MAX_OPEN_REQUEST_BYTES) {
    throw new ProtocolError("too-large", `A request to open a connection has ${data.length} bytes.`);
  }
  if (data[0] !== SERVICE_TAG) return { kind: "target", ...decodeSocksTarget(data) };
  const { service, ...parameters } = parseRecord(data.subarray(1));
  if (typeof service !== "string") throw new ProtocolError("malformed", "A request for a service names none.");
  return { kind: "service", service, parameters };
}

function parseRecord(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ProtocolError("malformed", "A request for a service is not JSON.", { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ProtocolError("malformed", "A request for a service is not an object.");
}
