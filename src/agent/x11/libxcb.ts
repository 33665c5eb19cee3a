import koffi from "koffi";
import { EnvironmentError } from "../../base/index.ts";

/** An address in this process. */
export type Pointer = bigint;

/**
 * The C functions that carry the X protocol. Requests and replies travel as bytes (see `request.ts`), so one library
 * serves every extension: nothing has to be declared here for a new request.
 */
export type LibXcb = {
  connect(display: string, screen: Int32Array): Pointer;
  disconnect(connection: Pointer): void;
  hasError(connection: Pointer): number;
  fileDescriptor(connection: Pointer): number;
  setup(connection: Pointer): Pointer;
  generateId(connection: Pointer): number;
  flush(connection: Pointer): number;
  /** `vector` points behind two spare entries that libxcb may fill; `request` is a xcb_protocol_request_t. */
  sendRequest(connection: Pointer, flags: number, vector: Pointer, request: Pointer): number;
  /** As `sendRequest`; the file descriptors go along and are closed by libxcb. */
  sendRequestWithFds(
    connection: Pointer,
    flags: number,
    vector: Pointer,
    request: Pointer,
    count: number,
    descriptors: Int32Array,
  ): number;
  requestCheck(connection: Pointer, cookie: { sequence: number }): Pointer | null;
  waitForReply(connection: Pointer, sequence: number, error: BigUint64Array): Pointer | null;
  pollForEvent(connection: Pointer): Pointer | null;
  malloc(bytes: number): Pointer;
  free(pointer: Pointer): void;
  /** Copies from native memory into `target`. */
  copyOut(target: Uint8Array, source: Pointer, bytes: number): Pointer;
  /** Copies `source` to native memory. */
  copyIn(target: Pointer, source: Uint8Array, bytes: number): Pointer;
};

let loaded: LibXcb | undefined;

/** Loads libxcb once per thread. Throws `EnvironmentError` with the package to install. */
export function loadLibXcb(): LibXcb {
  loaded ??= load();
  return loaded;
}

function load(): LibXcb {
  let xcb: ReturnType<typeof koffi.load>;
  let libc: ReturnType<typeof koffi.load>;
  try {
    xcb = koffi.load("libxcb.so.1");
    libc = koffi.load("libc.so.6");
  } catch (cause) {
    throw new EnvironmentError(
      "The X11 client library libxcb.so.1 could not be loaded.",
      "Install it: apt-get install libxcb1 (Debian, Ubuntu), dnf install libxcb (Fedora), pacman -S libxcb (Arch).",
      { cause },
    );
  }
  const cookie = koffi.struct({ sequence: "uint" });
  return {
    connect: xcb.func("void *xcb_connect(const char *display, _Out_ int *screen)"),
    disconnect: xcb.func("void xcb_disconnect(void *connection)"),
    hasError: xcb.func("int xcb_connection_has_error(void *connection)"),
    fileDescriptor: xcb.func("int xcb_get_file_descriptor(void *connection)"),
    setup: xcb.func("void *xcb_get_setup(void *connection)"),
    generateId: xcb.func("uint32_t xcb_generate_id(void *connection)"),
    flush: xcb.func("int xcb_flush(void *connection)"),
    sendRequest: xcb.func("uint xcb_send_request(void *connection, int flags, void *vector, void *request)"),
    sendRequestWithFds: xcb.func(
      "uint xcb_send_request_with_fds(void *connection, int flags, void *vector, void *request, uint count, int *descriptors)",
    ),
    requestCheck: xcb.func("xcb_request_check", "void *", ["void *", cookie]),
    waitForReply: xcb.func("void *xcb_wait_for_reply(void *connection, uint sequence, _Out_ uint64_t *error)"),
    pollForEvent: xcb.func("void *xcb_poll_for_event(void *connection)"),
    malloc: libc.func("void *malloc(size_t bytes)"),
    free: libc.func("void free(void *pointer)"),
    copyOut: libc.func("void *memcpy(_Out_ uint8_t *target, void *source, size_t bytes)"),
    copyIn: libc.func("void *memcpy(void *target, const uint8_t *source, size_t bytes)"),
  };
}
