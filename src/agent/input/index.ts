import { EnvironmentError } from "../../base/index.ts";
import { X11Connection } from "../x11/index.ts";
import type { Clipboard, InputInjector } from "./injector.ts";
import { KeyboardDevice } from "./keyboard-device.ts";
import { TestDevice } from "./test-device.ts";
import { X11Clipboard } from "./x11-clipboard.ts";
import { X11Injector } from "./x11-injector.ts";

export type { Clipboard, InputInjector } from "./injector.ts";

/** Opens pointer and keyboard of an X display (":0"). Throws `EnvironmentError` where there is none or it has no XTEST. */
export async function openInjector(options: { readonly display: string | undefined }): Promise<InputInjector> {
  return new X11Injector(requireDisplay(options.display));
}

/** Opens the clipboard of an X display. Throws `EnvironmentError` where there is none. */
export async function openClipboard(options: { readonly display: string | undefined }): Promise<Clipboard> {
  return new X11Clipboard(requireDisplay(options.display));
}

/** What input can do on a display. */
export type InputProbe = {
  /** Version of the XTEST extension, "2.2". */
  readonly xtest: string;
  /** Keys that mean something on the present layout. */
  readonly keys: number;
  /** Keycodes left for characters that the layout lacks; without any, only the layout's characters can be typed. */
  readonly spareKeycodes: number;
};

/** Finds out whether a display can be driven, without moving or typing anything. Throws `EnvironmentError` where not. */
export async function probeInput(display: string | undefined): Promise<InputProbe> {
  const connection = X11Connection.open(requireDisplay(display));
  try {
    const device = new TestDevice(connection);
    const keyboard = new KeyboardDevice(connection, device);
    const { keymap } = keyboard;
    let spareKeycodes = 0;
    for (let keycode = keymap.minKeycode; keycode <= keymap.maxKeycode; keycode += 1) {
      if (keymap.isUnused(keycode)) spareKeycodes += 1;
    }
    keyboard.close();
    return { xtest: device.version, keys: keymap.maxKeycode - keymap.minKeycode + 1 - spareKeycodes, spareKeycodes };
  } finally {
    connection.close();
  }
}

function requireDisplay(display: string | undefined): string {
  if (display !== undefined && display !== "") return display;
  throw new EnvironmentError("No X display is configured.", "Set DISPLAY, or choose a display in the configuration.");
}
