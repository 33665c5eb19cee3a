/** What a made JPEG is built of; it has the form of one, but shows nothing. */
export type JpegPlan = {
  readonly width: number;
  readonly height: number;
  /** Bytes of scan data before stuffing. */
  readonly scan: Uint8Array;
  /** A restart marker after this many bytes of scan data; 0 for none. */
  readonly restartEvery: number;
  /** A whole JPEG in an APP1 segment. */
  readonly thumbnail?: JpegPlan | undefined;
  /** A second scan, as progressive pictures have. */
  readonly progressive?: boolean;
  /** 0xff bytes before markers. */
  readonly fill?: number;
};

/** The bytes of a JPEG, from SOI to EOI. */
export function makeJpeg(plan: JpegPlan): Uint8Array<ArrayBuffer> {
  const { width, height, progressive = false, fill = 0 } = plan;
  const bytes: number[] = [0xff, 0xd8];
  const segment = (code: number, payload: ArrayLike<number>): void => {
    const length = payload.length + 2;
    // The marker behind SOI begins at once, as everywhere.
    const fills = bytes.length === 2 ? 0 : fill;
    bytes.push(...new Array<number>(fills).fill(0xff), 0xff, code, length >> 8, length & 255);
    for (let at = 0; at < payload.length; at += 1) bytes.push(payload[at] as number);
  };
  const scan = (data: Uint8Array): void => {
    segment(0xda, [1, 1, 0, 0, 63, 0]);
    let restart = 0;
    for (const [index, value] of data.entries()) {
      if (plan.restartEvery > 0 && index > 0 && index % plan.restartEvery === 0) {
        bytes.push(0xff, 0xd0 + (restart & 7));
        restart += 1;
      }
      bytes.push(value);
      if (value === 0xff) bytes.push(0);
    }
  };
  segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  if (plan.thumbnail) segment(0xe1, makeJpeg(plan.thumbnail));
  segment(0xdb, new Uint8Array(65));
  segment(progressive ? 0xc2 : 0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]);
  segment(0xc4, huffmanTable(12));
  if (plan.restartEvery > 0) segment(0xdd, [0, 4]);
  scan(plan.scan);
  if (progressive) {
    segment(0xc4, huffmanTable(3));
    scan(plan.scan.subarray(plan.scan.length >> 1));
  }
  bytes.push(0xff, 0xd9);
  return Uint8Array.from(bytes);
}

function huffmanTable(codes: number): Uint8Array {
  const table = new Uint8Array(17 + codes);
  table[4] = codes;
  return table;
}

/** How a camera writes the parts of a multipart stream. */
export type PartStyle = { readonly boundary: string; readonly contentLength: boolean; readonly newline?: string };

/** A delimiter, headers and the picture. */
export function makePart(jpeg: Uint8Array, { boundary, contentLength, newline = "\r\n" }: PartStyle): Uint8Array {
  const length = contentLength ? `Content-Length: ${jpeg.length}${newline}` : "";
  const head = `--${boundary}${newline}Content-Type: image/jpeg${newline}${length}${newline}`;
  return joinBytes([new TextEncoder().encode(head), jpeg, new TextEncoder().encode(newline)]);
}

export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

/** Pieces of `bytes` whose ends are `cuts`, taken modulo the length. */
export function splitBytes(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
}
