import { AttemptError, type ConnectPorts } from "../core/index.ts";
import type { HubAddress, HubOperator } from "./hub-operator.ts";
import { NodePeer } from "./node-peer.ts";
import { nodeTimers } from "./node-timers.ts";
import { loadedWebRtc } from "./web-rtc.ts";
import { openRelay } from "./websocket-transport.ts";

/**
 * What a tube's dialler needs, from Node: call `loadWebRtc` before, or WebRTC is passed over. `relayOnly`: WebRTC goes
 * through a TURN server or not at all.
 */
export function operatorPorts(
  operator: HubOperator,
  agent: string,
  address: HubAddress,
  options: { readonly relayOnly?: boolean } = {},
): ConnectPorts {
  return {
    timers: nodeTimers,
    relayOnly: options.relayOnly,
    canSignal: () => operator.isConnected,
    beginExchange: () => operator.beginExchange(agent),
    createPeer(iceServers) {
      const webRtc = loadedWebRtc();
      if (webRtc === undefined) throw new AttemptError("data-channel", "WebRTC is not available on this machine.");
      return new NodePeer(webRtc, iceServers, options);
    },
    openRelay: (ticket) => openRelay(address, ticket),
  };
}
