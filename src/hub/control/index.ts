export { type ClipboardRelayOptions, clipboardFromAgent, clipboardFromViewer } from "./clipboard-relay.ts";
export { ControlDesk } from "./control-desk.ts";
export { InputRelay } from "./input-relay.ts";
