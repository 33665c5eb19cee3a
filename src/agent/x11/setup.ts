/** How pixels of one depth lie in memory. */
type PixmapFormat = { readonly depth: number; readonly bitsPerPixel: number; readonly scanlinePad: number };

type Visual = {
  readonly id: number;
  readonly depth: number;
  /** 4 is TrueColor, 5 DirectColor; the others go through a palette. */
  readonly visualClass: number;
  readonly redMask: number;
  readonly greenMask: number;
  readonly blueMask: number;
};

/** One X screen, as it was when the connection was opened; RandR says how it is now. */
export type RootScreen = {
  readonly root: number;
  readonly width: number;
  readonly height: number;
  readonly rootDepth: number;
  readonly rootVisual: number;
  readonly visuals: readonly Visual[];
};

/** What the server said at the start of the connection. */
export type Setup = {
  readonly vendor: string;
  /** The order of the server's image bytes. */
  readonly imageByteOrder: "little" | "big";
  readonly minKeycode: number;
  readonly maxKeycode: number;
  readonly formats: readonly PixmapFormat[];
  readonly screens: readonly RootScreen[];
};

/** Reads the connection set-up reply (X protocol, "Connection Setup"). */
export function parseSetup(bytes: Buffer): Setup {
  const vendorLength = bytes.readUInt16LE(24);
  const formats: PixmapFormat[] = [];
  let at = 40 + Math.ceil(vendorLength / 4) * 4;
  for (let index = 0; index < bytes.readUInt8(29); index += 1, at += 8) {
    formats.push({
      depth: bytes.readUInt8(at),
      bitsPerPixel: bytes.readUInt8(at + 1),
      scanlinePad: bytes.readUInt8(at + 2),
    });
  }
  const screens: RootScreen[] = [];
  for (let index = 0; index < bytes.readUInt8(28); index += 1) {
    const screen = parseScreen(bytes, at);
    screens.push(screen.value);
    at = screen.end;
  }
  return {
    vendor: bytes.toString("latin1", 40, 40 + vendorLength),
    imageByteOrder: bytes.readUInt8(30) === 0 ? "little" : "big",
    minKeycode: bytes.readUInt8(34),
    maxKeycode: bytes.readUInt8(35),
    formats,
    screens,
  };
}

function parseScreen(bytes: Buffer, start: number): { value: RootScreen; end: number } {
  const visuals: Visual[] = [];
  let at = start + 40;
  for (let depths = bytes.readUInt8(start + 39); depths > 0; depths -= 1) {
    const depth = bytes.readUInt8(at);
    const count = bytes.readUInt16LE(at + 2);
    at += 8;
    for (let index = 0; index < count; index += 1, at += 24) visuals.push(parseVisual(bytes, at, depth));
  }
  const value = {
    root: bytes.readUInt32LE(start),
    width: bytes.readUInt16LE(start + 20),
    height: bytes.readUInt16LE(start + 22),
    rootVisual: bytes.readUInt32LE(start + 32),
    rootDepth: bytes.readUInt8(start + 38),
    visuals,
  };
  return { value, end: at };
}

function parseVisual(bytes: Buffer, at: number, depth: number): Visual {
  return {
    id: bytes.readUInt32LE(at),
    depth,
    visualClass: bytes.readUInt8(at + 4),
    redMask: bytes.readUInt32LE(at + 8),
    greenMask: bytes.readUInt32LE(at + 12),
    blueMask: bytes.readUInt32LE(at + 16),
  };
}
