import type { Socket } from "node:net";
import koffi from "koffi";

/** IPPROTO_TCP and TCP_NOTSENT_LOWAT of the systems that have it. */
const TCP = 6;
const LIBRARIES: Readonly<Partial<Record<NodeJS.Platform, { readonly path: string; readonly option: number }>>> = {
  linux: { path: "libc.so.6", option: 25 },
  darwin: { path: "libSystem.B.dylib", option: 0x201 },
};

type SetOption = (descriptor: number, level: number, option: number, value: Buffer, bytes: number) => number;

let setOption: SetOption | undefined;
let loaded = false;

/**
 * Bounds what the system takes for a connection beyond what is under way: a write then waits in this process until all but
 * `maxBytes` of it were sent. Otherwise the kernel takes megabytes, which are seconds of pictures to a slow client. Node
 * has no way to say this. Returns false where it cannot be done; writes then wait for the kernel's own, larger limit.
 */
export function limitUnsent(socket: Socket, maxBytes: number): boolean {
  const library = LIBRARIES[process.platform];
  const descriptor = descriptorOf(socket);
  if (library === undefined || descriptor === undefined) return false;
  load(library.path);
  const value = Buffer.alloc(4);
  value.writeInt32LE(maxBytes);
  return setOption?.(descriptor, TCP, library.option, value, value.byteLength) === 0;
}

function load(path: string): void {
  if (loaded) return;
  loaded = true;
  try {
    setOption = koffi.load(path).func("int setsockopt(int, int, int, void *, uint32_t)") as unknown as SetOption;
  } catch {
    setOption = undefined;
  }
}

/** TLS sockets have it of the connection below them. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: unknown } | null };
  return typeof handle?.fd === "number" && handle.fd >= 0 ? handle.fd : undefined;
}
