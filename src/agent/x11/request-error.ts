const NAMES: Readonly<Record<number, string>> = {
  1: "BadRequest",
  2: "BadValue",
  3: "BadWindow",
  4: "BadPixmap",
  5: "BadAtom",
  6: "BadCursor",
  7: "BadFont",
  8: "BadMatch",
  9: "BadDrawable",
  10: "BadAccess",
  11: "BadAlloc",
  12: "BadColor",
  13: "BadGC",
  14: "BadIDChoice",
  15: "BadName",
  16: "BadLength",
  17: "BadImplementation",
};

/** The X server refused a request. Codes of 128 and more belong to extensions. */
export class X11RequestError extends Error {
  override readonly name = "X11RequestError";
  readonly errorCode: number;
  readonly majorOpcode: number;
  readonly minorOpcode: number;
  readonly resourceId: number;

  /** `bytes` is the 32-byte error message of the protocol. */
  constructor(bytes: Buffer) {
    const errorCode = bytes.readUInt8(1);
    const minorOpcode = bytes.readUInt16LE(8);
    const majorOpcode = bytes.readUInt8(10);
    const resourceId = bytes.readUInt32LE(4);
    const name = NAMES[errorCode] ?? `error ${errorCode}`;
    super(
      `The X server answered ${name} to request ${majorOpcode}.${minorOpcode} (value 0x${resourceId.toString(16)}).`,
    );
    this.errorCode = errorCode;
    this.majorOpcode = majorOpcode;
    this.minorOpcode = minorOpcode;
    this.resourceId = resourceId;
  }
}
