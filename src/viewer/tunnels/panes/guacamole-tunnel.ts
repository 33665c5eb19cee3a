import Guacamole, { type Tunnel } from "guacamole-common-js";
import { encodeInstruction, GuacamoleParser } from "../../../codecs/guacamole/index.ts";
import type { TubeConnection } from "../../../tube/core/index.ts";
import { closeInWords } from "../tube/agent-tube.ts";
import { PaneWriter } from "./pane-writer.ts";

/** Guacamole's status code for anything that went wrong at the other end. */
const UPSTREAM_ERROR = 0x0203;

/**
 * Guacamole's own kind of tunnel over a connection of a tube. It parses and encodes by our codec: characters beyond the
 * 16-bit range, which break the library's own parser, are a matter of course here.
 */
export function createGuacamoleTunnel(connection: TubeConnection): Tunnel {
  // The library's base class sets its methods on the object, so that methods of a subclass would not be found.
  const tunnel = new Guacamole.Tunnel();
  const encoder = new TextEncoder();
  const writer = new PaneWriter(connection);
  let buttons: unknown;
  const parser = new GuacamoleParser((opcode, args) => {
    if (opcode === Guacamole.Tunnel.INTERNAL_DATA_OPCODE) tunnel.setUUID(args[0] ?? "");
    // A copy, since the parser uses its array again and the library may keep it.
    else tunnel.oninstruction?.(opcode, [...args]);
  });
  const end = (text: string | undefined): void => {
    if (tunnel.state === Guacamole.Tunnel.State.CLOSED) return;
    if (text !== undefined) tunnel.onerror?.(new Guacamole.Status(UPSTREAM_ERROR, text));
    tunnel.setState(Guacamole.Tunnel.State.CLOSED ?? 2);
    connection.close();
  };
  tunnel.connect = () => {
    tunnel.setState(Guacamole.Tunnel.State.CONNECTING ?? 0);
    connection.whenOpened(() => tunnel.setState(Guacamole.Tunnel.State.OPEN ?? 1));
    connection.receiveInto({
      data(bytes) {
        connection.consumed(bytes.length);
        parser.pushBytes(bytes);
      },
      end: () => end(undefined),
      writable: () => writer.writable(),
      closed: (close) => end(close.reason === "normal" ? undefined : closeInWords(close)),
    });
  };
  tunnel.sendMessage = (opcode, ...args) => {
    if (!tunnel.isConnected()) return;
    const bytes = encoder.encode(encodeInstruction(String(opcode), args.map(String)));
    // mouse: x, y, buttons.
    if (opcode === "mouse" && args[2] === buttons) writer.writeMotion(bytes);
    else writer.write(bytes);
    if (opcode === "mouse") buttons = args[2];
  };
  tunnel.disconnect = () => end(undefined);
  return tunnel;
}
