/**
 * The X test program: `node x-program.js` on `DISPLAY`. A line on standard input names what to show (a `Mode`, or
 * `flip`); it ends when standard input ends. On standard output, with CLOCK_MONOTONIC milliseconds taken just before
 * the request goes to the X server: `mode NAME`, `flip MS` for the block, `picture NUMBER MS` for the moving modes.
 */
import { readSync, writeSync } from "node:fs";
import { monotonicMs } from "./monotonic.ts";
import { cellPixels, cellsOf } from "./picture-number.ts";
import { block, blockColors, type Mode, picturesPerSecond, screen, scrollArea, videoArea } from "./scene.ts";
import { pageLines } from "./text-page.ts";
import { paintVideoPicture } from "./video-picture.ts";
import * as xcb from "./xcb.ts";

const buttonPress = 4;
const zPixmap = 2;
const pageHeight = 3 * screen.height;
const scrollStep = 6;
const lineHeight = 16;
const videoBuffers = 3;

const connection = xcb.connect(null, null);
if (xcb.connectionError(connection) !== 0) throw new Error("No X server answers on DISPLAY.");
const { root, visual, depth } = xcb.firstScreen(connection);
const window = createWindow();
const gc = createGc();
const page = createPixmap(pageHeight + screen.height);
const back = createPixmap(screen.height);
const buffers = Array.from({ length: videoBuffers }, () =>
  xcb.createShmPixels(connection, videoArea.width * videoArea.height * 4),
);
let mode = "still" as Mode;
let color = 0;
let pictureNumber = 0;
let nextPictureMs = 0;

paintPage();
setMode("still");
let pendingInput = "";
for (;;) {
  const moving = mode === "video" || mode === "scroll";
  const timeoutMs = moving ? nextPictureMs - monotonicMs() : 1000;
  const [, commands] = xcb.waitReadable([xcb.fileDescriptor(connection), 0], timeoutMs);
  for (let code = xcb.nextEventCode(connection); code !== undefined; code = xcb.nextEventCode(connection)) {
    if (code === 0) throw new Error("The X server refused a request.");
    if (code === buttonPress && mode === "block") flip();
  }
  if (xcb.connectionError(connection) !== 0) break;
  if (commands && !readCommands()) break;
  if (moving && monotonicMs() >= nextPictureMs) paintNext();
}

function readCommands(): boolean {
  const bytes = Buffer.alloc(4096);
  const count = readSync(0, bytes);
  pendingInput += bytes.toString("utf8", 0, count);
  const lines = pendingInput.split("\n");
  pendingInput = lines.pop() ?? "";
  for (const line of lines) {
    if (line === "flip") flip();
    else setMode(line as Mode);
  }
  return count > 0;
}

function setMode(next: Mode): void {
  mode = next;
  xcb.copyArea(connection, page, window, gc, 0, 0, 0, 0, screen.width, screen.height);
  if (mode === "block") fill(window, block.x, block.y, block.width, block.height, blockColors[color] as number);
  xcb.flush(connection);
  nextPictureMs = monotonicMs();
  say(`mode ${mode}`);
}

function flip(): void {
  color = 1 - color;
  const atMs = monotonicMs();
  fill(window, block.x, block.y, block.width, block.height, blockColors[color] as number);
  xcb.flush(connection);
  say(`flip ${atMs.toFixed(3)}`);
}

function paintNext(): void {
  pictureNumber++;
  const atMs = mode === "video" ? paintVideo() : paintScroll();
  xcb.flush(connection);
  say(`picture ${pictureNumber} ${atMs.toFixed(3)}`);
  const periodMs = 1000 / picturesPerSecond;
  nextPictureMs += periodMs;
  // A picture whose time is over is left out, never caught up with.
  if (nextPictureMs < atMs) nextPictureMs = atMs + periodMs;
}

function paintVideo(): number {
  const buffer = buffers[pictureNumber % videoBuffers] as (typeof buffers)[number];
  const { x, y, width, height } = videoArea;
  paintVideoPicture(pictureNumber, buffer.pixels);
  const atMs = monotonicMs();
  xcb.shmPutImage(
    connection,
    window,
    gc,
    width,
    height,
    0,
    0,
    width,
    height,
    x,
    y,
    depth,
    zPixmap,
    0,
    buffer.segment,
    0,
  );
  return atMs;
}

/** The page is put together out of sight, so that the screen changes in one request. */
function paintScroll(): number {
  const { width, height } = scrollArea;
  const offset = (pictureNumber * scrollStep) % pageHeight;
  xcb.copyArea(connection, page, back, gc, 0, offset, 0, 0, width, height);
  for (const top of [0, height - cellPixels]) {
    cellsOf(pictureNumber).forEach((white, index) => {
      fill(back, index * cellPixels, top, cellPixels, cellPixels, white ? 0xffffff : 0);
    });
  }
  const atMs = monotonicMs();
  xcb.copyArea(connection, back, window, gc, 0, 0, 0, 0, width, height);
  return atMs;
}

function paintPage(): void {
  fill(page, 0, 0, screen.width, pageHeight + screen.height, 0xffffff);
  pageLines(Math.floor(pageHeight / lineHeight)).forEach((spans, row) => {
    let column = 2;
    for (const { text, color: textColor } of spans) {
      setColor(textColor);
      // The page repeats below its end, so that it scrolls in a circle.
      for (const top of [0, pageHeight]) {
        xcb.imageText(connection, text.length, page, gc, column * 6, top + row * lineHeight + 12, text);
      }
      column += text.length + 1;
    }
  });
}

function fill(drawable: number, x: number, y: number, width: number, height: number, rgb: number): void {
  setColor(rgb);
  xcb.fillRectangles(connection, drawable, gc, 1, [{ x, y, width, height }]);
}

function setColor(rgb: number): void {
  xcb.changeGc(connection, gc, 4, Uint32Array.of(rgb));
}

function createWindow(): number {
  const id = xcb.generateId(connection);
  const backPixelOverrideRedirectEvents = 2 | 512 | 2048;
  const values = Uint32Array.of(0xffffff, 1, 4);
  const { width, height } = screen;
  xcb.createWindow(
    connection,
    depth,
    id,
    root,
    0,
    0,
    width,
    height,
    0,
    1,
    visual,
    backPixelOverrideRedirectEvents,
    values,
  );
  xcb.mapWindow(connection, id);
  return id;
}

function createGc(): number {
  const font = xcb.generateId(connection);
  xcb.openFont(connection, font, 5, "fixed");
  const id = xcb.generateId(connection);
  const foregroundBackgroundFontNoExposures = 4 | 8 | 0x4000 | 0x10000;
  xcb.createGc(connection, id, window, foregroundBackgroundFontNoExposures, Uint32Array.of(0, 0xffffff, font, 0));
  return id;
}

function createPixmap(height: number): number {
  const id = xcb.generateId(connection);
  xcb.createPixmap(connection, depth, id, root, screen.width, height);
  return id;
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
