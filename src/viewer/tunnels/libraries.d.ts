// The parts of libraries without types of their own that the panes use.

declare module "@novnc/novnc" {
  type RfbOptions = { readonly shared?: boolean; readonly credentials?: Readonly<Record<string, string>> };

  class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: object, options?: RfbOptions);
    scaleViewport: boolean;
    resizeSession: boolean;
    background: string;
    focusOnClick: boolean;
    disconnect(): void;
    sendCredentials(credentials: Readonly<Record<string, string>>): void;
    approveServer(): void;
    sendKey(keysym: number, code: string, down?: boolean): void;
    clipboardPasteFrom(text: string): void;
    focus(options?: FocusOptions): void;
    blur(): void;
  }

  export { RFB as default };
}

declare module "guacamole-common-js" {
  type InputStream = { onblob: ((base64: string) => void) | null; sendAck(message: string, code: number): void };
  type OutputStream = { sendBlob(base64: string): void; sendEnd(): void };
  type Status = { readonly code: number; readonly message: string | null };
  type MouseState = object;
  type MouseEvent = { readonly state: MouseState };

  class Tunnel {
    state: number;
    connect(data?: string): void;
    disconnect(): void;
    sendMessage(...elements: readonly unknown[]): void;
    setState(state: number): void;
    setUUID(id: string): void;
    isConnected(): boolean;
    oninstruction: ((opcode: string, args: string[]) => void) | null;
    onerror: ((status: Status) => void) | null;
    onstatechange: ((state: number) => void) | null;
    static readonly State: Readonly<Record<"CONNECTING" | "OPEN" | "CLOSED" | "UNSTABLE", number>>;
    static readonly INTERNAL_DATA_OPCODE: string;
  }

  type Display = {
    getElement(): HTMLElement;
    getWidth(): number;
    getHeight(): number;
    scale(factor: number): void;
    showCursor(shown: boolean): void;
    onresize: ((width: number, height: number) => void) | null;
  };

  class Client {
    constructor(tunnel: Tunnel);
    connect(data?: string): void;
    disconnect(): void;
    getDisplay(): Display;
    sendSize(width: number, height: number): void;
    sendKeyEvent(pressed: 0 | 1, keysym: number): void;
    sendMouseState(state: MouseState, applyDisplayScale?: boolean): void;
    createClipboardStream(mimetype: string): OutputStream;
    createArgumentValueStream(mimetype: string, name: string): OutputStream;
    onstatechange: ((state: number) => void) | null;
    onname: ((name: string) => void) | null;
    onerror: ((status: Status) => void) | null;
    onclipboard: ((stream: InputStream, mimetype: string) => void) | null;
    onrequired: ((parameters: string[]) => void) | null;
  }

  class Keyboard {
    constructor(element: HTMLElement);
    onkeydown: ((keysym: number) => boolean) | null;
    onkeyup: ((keysym: number) => void) | null;
    reset(): void;
  }

  type Pointing = { onEach(types: readonly string[], listener: (event: MouseEvent) => void): void };

  const Guacamole: {
    readonly Tunnel: typeof Tunnel;
    readonly Client: typeof Client;
    readonly Keyboard: typeof Keyboard;
    readonly Mouse: (new (
      element: HTMLElement,
    ) => Pointing) & { readonly Touchscreen: new (element: HTMLElement) => Pointing };
    readonly Status: new (code: number, message?: string) => Status;
    readonly ArrayBufferReader: new (
      stream: InputStream,
    ) => {
      ondata: ((data: ArrayBuffer) => void) | null;
      onend: (() => void) | null;
    };
    readonly ArrayBufferWriter: new (
      stream: OutputStream,
    ) => { sendData(data: ArrayBuffer | ArrayBufferView): void; sendEnd(): void };
    readonly AudioPlayer: { getSupportedTypes(): string[] };
    readonly VideoPlayer: { getSupportedTypes(): string[] };
  };

  export type { Client, InputStream, OutputStream, Status, Tunnel };
  export { Guacamole as default };
}

declare module "*.css?inline" {
  const text: string;

  export { text as default };
}
