import pino from "pino";
import { type Hub, type HubOptions, startHub } from "../../dist/hub/index.js";

export const TOKEN = "the-administrators-token";
export const AGENT_TOKEN = "the-token-of-agents";

/** A hub on a free port of loopback that logs nothing. */
export function startTestHub(options: Partial<HubOptions> = {}): Promise<Hub> {
  return startHub({
    host: "127.0.0.1",
    port: 0,
    name: "test hub",
    version: "1.2.3",
    token: TOKEN,
    agentToken: AGENT_TOKEN,
    insecure: false,
    localAgents: [],
    settings: {},
    log: pino({ level: "silent" }),
    ...options,
  });
}

/** Makes the token of a link. */
export async function makeLink(hub: Hub, grants: string[], sources?: string[]): Promise<string> {
  const response = await fetch(`${hub.url}/api/links`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ grants, ...(sources === undefined ? {} : { sources }) }),
  });
  return ((await response.json()) as { token: string }).token;
}
