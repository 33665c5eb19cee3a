import Guacamole, { type Client, type InputStream, type OutputStream } from "guacamole-common-js";
import { TunnelService } from "../../../protocol/index.ts";
import { createGuacamoleTunnel } from "./guacamole-tunnel.ts";
import type { Pane, PaneContext, TunnelTarget } from "./pane.ts";
import { watchPasteKeys } from "./paste-keys.ts";

const KEYSYMS = { KeyV: 0x76, Insert: 0xff63 } as const;

/** Guacamole.Client's states. */
const CONNECTED = 3;
const DISCONNECTED = 5;

/** A window that is being drawn larger tells its size when the hand rests. */
const RESIZE_MS = 150;

/** The largest text that a remote machine may put into this computer's clipboard. */
const MAX_COPY_BYTES = 4 << 20;

/** Opens a machine through the agent's guacd. */
export function openGuacamolePane(context: PaneContext, target: Extract<TunnelTarget, { via: "guacamole" }>): Pane {
  return new GuacamolePane(context, target);
}

class GuacamolePane implements Pane {
  readonly #context: PaneContext;
  readonly #client: Client;
  readonly #keyboard;
  readonly #surface = document.createElement("div");
  readonly #observer: ResizeObserver;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;
  #failure: string | undefined;
  #name: string;

  constructor(context: PaneContext, target: Extract<TunnelTarget, { via: "guacamole" }>) {
    this.#context = context;
    this.#name = target.detail;
    this.#surface.className = "guacamole-screen";
    this.#surface.tabIndex = 0;
    context.element.append(this.#surface);
    const parameters = { ...target.request, ...describeBrowser(context.element) };
    const connection = context.tube.open({ kind: "service", service: TunnelService.guacamole, parameters });
    const tunnel = createGuacamoleTunnel(connection);
    this.#client = new Guacamole.Client(tunnel);
    tunnel.onerror = ({ message }) => {
      this.#failure ??= message ?? undefined;
    };
    tunnel.onstatechange = (state) => {
      if (state === Guacamole.Tunnel.State.CLOSED) this.#client.disconnect();
    };
    this.#surface.append(this.#client.getDisplay().getElement());
    this.#keyboard = new Guacamole.Keyboard(this.#surface);
    this.#listen();
    this.#driveInput();
    this.#client.connect();
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(context.element);
  }

  focus(): void {
    this.#surface.focus({ preventScroll: true });
  }

  sendText(text: string): void {
    writeText(this.#client.createClipboardStream("text/plain"), text);
  }

  close(): void {
    clearTimeout(this.#resizeTimer);
    this.#observer.disconnect();
    this.#keyboard.reset();
    this.#client.disconnect();
  }

  #listen(): void {
    const client = this.#client;
    const { setState } = this.#context;
    client.onstatechange = (state) => {
      if (state === CONNECTED) {
        setState({ phase: "open", text: this.#name });
        this.focus();
      } else if (state === DISCONNECTED) {
        const text = this.#failure ?? "The connection has ended.";
        setState({ phase: "ended", text, failed: this.#failure !== undefined });
      }
    };
    client.onname = (name) => {
      this.#name = name;
      setState({ phase: "open", text: name });
    };
    client.onerror = ({ message, code }) => {
      this.#failure ??= message || `Guacamole reported the error ${code}.`;
      client.disconnect();
    };
    client.onclipboard = (stream, mimetype) => {
      if (mimetype.startsWith("text/")) readText(stream, (text) => this.#context.copied(text));
      else stream.sendAck("Only text can be copied.", 0x0100);
    };
    client.onrequired = (names) => void this.#askRequired(names);
    client.getDisplay().onresize = () => this.#scale();
  }

  #driveInput(): void {
    const client = this.#client;
    const surface = this.#surface;
    this.#keyboard.onkeydown = (keysym) => {
      client.sendKeyEvent(1, keysym);
      return false;
    };
    this.#keyboard.onkeyup = (keysym) => client.sendKeyEvent(0, keysym);
    surface.addEventListener("blur", () => this.#keyboard.reset());
    surface.addEventListener("pointerdown", () => this.focus());
    const screen = client.getDisplay().getElement();
    for (const Pointing of [Guacamole.Mouse, Guacamole.Mouse.Touchscreen]) {
      new Pointing(screen).onEach(["mousedown", "mouseup", "mousemove"], ({ state }) =>
        client.sendMouseState(state, true),
      );
    }
    // Around the surface, so that it comes before the library's listeners there.
    watchPasteKeys(this.#context.element, {
      paste: (text) => this.sendText(text),
      press(code) {
        client.sendKeyEvent(1, KEYSYMS[code]);
        client.sendKeyEvent(0, KEYSYMS[code]);
      },
    });
  }

  #resized(): void {
    this.#scale();
    clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => {
      const { width, height } = sizeOf(this.#context.element);
      if (width > 0 && height > 0) this.#client.sendSize(width, height);
    }, RESIZE_MS);
  }

  /** Shows all of a display that is larger than the pane. */
  #scale(): void {
    const display = this.#client.getDisplay();
    const { clientWidth, clientHeight } = this.#context.element;
    const [width, height] = [display.getWidth(), display.getHeight()];
    if (clientWidth > 0 && width > 0 && height > 0) display.scale(Math.min(clientWidth / width, clientHeight / height));
  }

  async #askRequired(names: readonly string[]): Promise<void> {
    const { ask, setState } = this.#context;
    setState({ phase: "asking", text: "It wants to know who you are." });
    const fields = names.map((name) => ({ label: inWords(name), secret: /pass|secret|key/.test(name) }));
    const answers = await ask({ title: `Sign in to ${this.#name}`, text: "", fields, agree: "Sign in" });
    if (answers === undefined) {
      this.#client.disconnect();
      return;
    }
    setState({ phase: "connecting", text: "Signing in." });
    for (const [index, name] of names.entries()) {
      writeText(this.#client.createArgumentValueStream("text/plain", name), answers[index] ?? "");
    }
  }
}

function describeBrowser(element: HTMLElement): Readonly<Record<string, unknown>> {
  return {
    ...sizeOf(element),
    dpi: Math.round(96 * devicePixelRatio),
    audio: Guacamole.AudioPlayer.getSupportedTypes(),
    video: Guacamole.VideoPlayer.getSupportedTypes(),
    image: ["image/jpeg", "image/png", "image/webp"],
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    name: "Sightline",
  };
}

/** The pane's size in the remote's pixels. */
function sizeOf({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } {
  return {
    width: Math.max(1, Math.round(clientWidth * devicePixelRatio)),
    height: Math.max(1, Math.round(clientHeight * devicePixelRatio)),
  };
}

/** By our own decoder: the library's text reader breaks characters beyond the 16-bit range. */
function readText(stream: InputStream, done: (text: string) => void): void {
  const reader = new Guacamole.ArrayBufferReader(stream);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  reader.ondata = (data) => {
    bytes += data.byteLength;
    if (bytes <= MAX_COPY_BYTES) text += decoder.decode(data, { stream: true });
  };
  reader.onend = () => {
    if (bytes <= MAX_COPY_BYTES) done(text + decoder.decode());
  };
}

function writeText(stream: OutputStream, text: string): void {
  const writer = new Guacamole.ArrayBufferWriter(stream);
  writer.sendData(new TextEncoder().encode(text));
  writer.sendEnd();
}

function inWords(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
