import { EnvironmentError } from "../../base/index.ts";
import type { InputInjector } from "./injector.ts";
import { X11Injector } from "./x11-injector.ts";

export type { Clipboard, InputInjector } from "./injector.ts";

/** Opens pointer and keyboard of an X display (":0"). Throws `EnvironmentError` where there is none or it has no XTEST. */
export async function openInjector(options: { readonly display: string | undefined }): Promise<InputInjector> {
  return new X11Injector(requireDisplay(options.display));
}

function requireDisplay(display: string | undefined): string {
  if (display !== undefined && display !== "") return display;
  throw new EnvironmentError("No X display is configured.", "Set DISPLAY, or choose a display in the configuration.");
}
