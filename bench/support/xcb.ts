import koffi from "koffi";

const xcb = koffi.load("libxcb.so.1");
const xcbShm = koffi.load("libxcb-shm.so.0");
const libc = koffi.load("libc.so.6");

const screenType = koffi.struct("BenchXcbScreen", {
  root: "uint32_t",
  colormap: "uint32_t",
  white: "uint32_t",
  black: "uint32_t",
  inputMasks: "uint32_t",
  width: "uint16_t",
  height: "uint16_t",
  widthMm: "uint16_t",
  heightMm: "uint16_t",
  minMaps: "uint16_t",
  maxMaps: "uint16_t",
  visual: "uint32_t",
  backing: "uint8_t",
  saveUnders: "uint8_t",
  depth: "uint8_t",
  depthsLength: "uint8_t",
});
koffi.struct("BenchXcbScreenIterator", { data: "void *", rem: "int", index: "int" });
koffi.struct("BenchRectangle", { x: "int16_t", y: "int16_t", width: "uint16_t", height: "uint16_t" });
koffi.struct("BenchPollFd", { fd: "int", events: "int16_t", revents: "int16_t" });
koffi.struct("BenchTimespec", { seconds: "int64_t", nanoseconds: "int64_t" });

/** A pointer of the C side. */
export type Pointer = unknown;

// A request's cookie is a struct of one unsigned int, which is returned as a plain unsigned int.
export const connect = xcb.func("void *xcb_connect(const char *display, void *screen)");
export const connectionError = xcb.func("int xcb_connection_has_error(void *c)");
export const fileDescriptor = xcb.func("int xcb_get_file_descriptor(void *c)");
export const flush = xcb.func("int xcb_flush(void *c)");
export const generateId = xcb.func("uint32_t xcb_generate_id(void *c)");
export const createWindow = xcb.func(
  "uint32_t xcb_create_window(void *c, uint8_t depth, uint32_t id, uint32_t parent, int16_t x, int16_t y, uint16_t w, uint16_t h, uint16_t border, uint16_t kind, uint32_t visual, uint32_t mask, const uint32_t *values)",
);
export const mapWindow = xcb.func("uint32_t xcb_map_window(void *c, uint32_t window)");
export const createPixmap = xcb.func(
  "uint32_t xcb_create_pixmap(void *c, uint8_t depth, uint32_t id, uint32_t drawable, uint16_t w, uint16_t h)",
);
export const createGc = xcb.func(
  "uint32_t xcb_create_gc(void *c, uint32_t id, uint32_t drawable, uint32_t mask, const uint32_t *values)",
);
export const changeGc = xcb.func("uint32_t xcb_change_gc(void *c, uint32_t gc, uint32_t mask, const uint32_t *values)");
export const openFont = xcb.func("uint32_t xcb_open_font(void *c, uint32_t id, uint16_t length, const char *name)");
export const imageText = xcb.func(
  "uint32_t xcb_image_text_8(void *c, uint8_t length, uint32_t drawable, uint32_t gc, int16_t x, int16_t y, const char *text)",
);
export const fillRectangles = xcb.func(
  "uint32_t xcb_poly_fill_rectangle(void *c, uint32_t drawable, uint32_t gc, uint32_t count, const BenchRectangle *rectangles)",
);
export const copyArea = xcb.func(
  "uint32_t xcb_copy_area(void *c, uint32_t from, uint32_t to, uint32_t gc, int16_t fromX, int16_t fromY, int16_t toX, int16_t toY, uint16_t w, uint16_t h)",
);
export const shmAttach = xcbShm.func(
  "uint32_t xcb_shm_attach(void *c, uint32_t segment, uint32_t shmId, uint8_t readOnly)",
);
export const shmPutImage = xcbShm.func(
  "uint32_t xcb_shm_put_image(void *c, uint32_t drawable, uint32_t gc, uint16_t totalW, uint16_t totalH, uint16_t srcX, uint16_t srcY, uint16_t srcW, uint16_t srcH, int16_t x, int16_t y, uint8_t depth, uint8_t format, uint8_t sendEvent, uint32_t segment, uint32_t offset)",
);

const pollForEvent = xcb.func("void *xcb_poll_for_event(void *c)");
const getSetup = xcb.func("void *xcb_get_setup(void *c)");
const rootsIterator = xcb.func("BenchXcbScreenIterator xcb_setup_roots_iterator(void *setup)");
const ppoll = libc.func(
  "int ppoll(_Inout_ BenchPollFd *fds, uint64_t count, const BenchTimespec *timeout, void *mask)",
);
const freeMemory = libc.func("void free(void *p)");
const shmget = libc.func("int shmget(int key, uint64_t size, int flags)");
const shmat = libc.func("void *shmat(int id, void *address, int flags)");
const shmctl = libc.func("int shmctl(int id, int command, void *buffer)");

/** The first screen's root window, visual and depth. */
export function firstScreen(connection: Pointer): { root: number; visual: number; depth: number } {
  return koffi.decode(rootsIterator(getSetup(connection)).data, screenType);
}

/** The code of the next waiting event (errors are 0), or undefined when none waits. */
export function nextEventCode(connection: Pointer): number | undefined {
  const event = pollForEvent(connection);
  if (event === null) return undefined;
  const code = koffi.decode(event, "uint8_t") as number;
  freeMemory(event);
  return code & 0x7f;
}

/** Blocks until one of the descriptors is readable or the time is over; says which are readable. */
export function waitReadable(descriptors: readonly number[], timeoutMs: number): boolean[] {
  const fds = descriptors.map((fd) => ({ fd, events: 1, revents: 0 }));
  const ns = Math.max(0, Math.round(timeoutMs * 1e6));
  ppoll(fds, fds.length, { seconds: Math.floor(ns / 1e9), nanoseconds: ns % 1e9 }, null);
  return fds.map(({ revents }) => revents !== 0);
}

/** A System V segment of `bytes` bytes, attached here and to the X server, and removed when both have ended. */
export function createShmPixels(connection: Pointer, bytes: number): { segment: number; pixels: Uint32Array } {
  const id = shmget(0, bytes, 0o1600);
  if (id < 0) throw new Error("shmget failed; the test program needs System V shared memory.");
  const address = shmat(id, null, 0);
  const segment = generateId(connection) as number;
  shmAttach(connection, segment, id, 1);
  flush(connection);
  // The server must have attached before the segment is marked as removable.
  firstReply(connection);
  shmctl(id, 0, null);
  return { segment, pixels: new Uint32Array(koffi.view(address, bytes)) };
}

const getInputFocus = xcb.func("uint32_t xcb_get_input_focus(void *c)");
const getInputFocusReply = xcb.func("void *xcb_get_input_focus_reply(void *c, uint32_t cookie, void *error)");

function firstReply(connection: Pointer): void {
  freeMemory(getInputFocusReply(connection, getInputFocus(connection), null));
}
