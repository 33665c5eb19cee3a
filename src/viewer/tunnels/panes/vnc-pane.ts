import RFB from "@novnc/novnc";
import { closeInWords } from "../tube/agent-tube.ts";
import { ByteChannel } from "./byte-channel.ts";
import type { Pane, PaneContext, TunnelTarget } from "./pane.ts";
import { watchPasteKeys } from "./paste-keys.ts";

const FIELDS: Readonly<Record<string, { readonly label: string; readonly secret: boolean }>> = {
  username: { label: "User", secret: false },
  password: { label: "Password", secret: true },
  target: { label: "Target", secret: false },
};

const KEYSYMS = { KeyV: 0x76, Insert: 0xff63 } as const;

/** Opens a machine that speaks VNC, by noVNC over a plain connection of the tube. */
export function openVncPane(context: PaneContext, target: Extract<TunnelTarget, { via: "vnc" }>): Pane {
  const { tube, element, setState } = context;
  const { host, port } = target;
  const channel = new ByteChannel(tube.open({ kind: "target", host, port }));
  const rfb = new RFB(element, channel, { shared: true });
  rfb.scaleViewport = true;
  rfb.resizeSession = true;
  rfb.background = "transparent";
  let name = `${host}:${port}`;
  let failure: string | undefined;
  let isOpen = false;
  const on = <Detail>(event: string, listener: (detail: Detail) => void): void =>
    rfb.addEventListener(event, (fired) => listener((fired as CustomEvent<Detail>).detail));
  on("connect", () => {
    isOpen = true;
    setState({ phase: "open", text: name });
    rfb.focus();
  });
  on<{ name: string }>("desktopname", (detail) => {
    name = detail.name;
    if (isOpen) setState({ phase: "open", text: name });
  });
  on<{ status: number; reason?: string }>("securityfailure", ({ reason }) => {
    failure = reason ? `${host} refused: ${reason}` : `${host} did not accept this.`;
  });
  on<{ clean: boolean }>("disconnect", ({ clean }) => {
    const close = channel.closeReason;
    const words = close === undefined || close.reason === "normal" ? undefined : closeInWords(close);
    const text = failure ?? words ?? (isOpen ? `${host} closed the connection.` : `${host} does not speak VNC.`);
    setState({ phase: "ended", text, failed: failure !== undefined || words !== undefined || !clean || !isOpen });
  });
  on<{ types: string[] }>("credentialsrequired", ({ types }) => void askCredentials(context, rfb, target, types));
  on("serververification", () => void askServer(context, rfb, target));
  on<{ text: string }>("clipboard", ({ text }) => context.copied(text));
  watchPasteKeys(element, {
    paste: (text) => rfb.clipboardPasteFrom(text),
    press(code) {
      rfb.sendKey(KEYSYMS[code], code, true);
      rfb.sendKey(KEYSYMS[code], code, false);
    },
  });
  return {
    focus: () => rfb.focus({ preventScroll: true }),
    sendText: (text) => rfb.clipboardPasteFrom(text),
    close: () => rfb.disconnect(),
  };
}

async function askCredentials(
  { ask, setState }: PaneContext,
  rfb: RFB,
  { host, port }: { readonly host: string; readonly port: number },
  types: readonly string[],
): Promise<void> {
  setState({ phase: "asking", text: "It wants to know who you are." });
  const fields = types.map((type) => FIELDS[type] ?? { label: type, secret: true });
  const answers = await ask({ title: `Sign in to ${host}:${port}`, text: "", fields, agree: "Sign in" });
  if (answers === undefined) {
    rfb.disconnect();
    return;
  }
  setState({ phase: "connecting", text: "Signing in." });
  rfb.sendCredentials(Object.fromEntries(types.map((type, index) => [type, answers[index] ?? ""])));
}

async function askServer({ ask, setState }: PaneContext, rfb: RFB, { host }: { readonly host: string }): Promise<void> {
  setState({ phase: "asking", text: "It shows a key of its own." });
  const text = "This machine identifies itself by a key that nobody here has seen before.";
  if ((await ask({ title: `Trust ${host}?`, text, fields: [], agree: "Trust it" })) === undefined) rfb.disconnect();
  else rfb.approveServer();
}
