import { cellCount, cellPixels, cellsOf } from "../support/picture-number.ts";
import { block, blockColors, screen, scrollArea, videoArea } from "../support/scene.ts";

const { width, height } = screen;
const css = "html,body{margin:0;overflow:hidden}canvas{display:block}";
const head = `<!doctype html><meta charset="utf-8"><title>floor</title><style>${css}</style>`;
const canvas = `<canvas width="${width}" height="${height}"></canvas>`;
const paint = `
  const block = ${JSON.stringify(block)}, colors = ${JSON.stringify(blockColors)};
  const areas = ${JSON.stringify({ video: videoArea, scroll: scrollArea })};
  const cellPixels = ${cellPixels}, cellCount = ${cellCount};
  // A table instead of the checksum: the page only has to paint what the bench can read.
  const cellsOf = (number) => cells[number % cells.length];
  const cells = ${JSON.stringify(Array.from({ length: 4096 }, (_, n) => Number.parseInt(cellsOf(n).map(Number).join(""), 2)))};
  function paint(context, { color, number, mode }) {
    if (color !== undefined) {
      context.fillStyle = "#" + colors[color].toString(16).padStart(6, "0");
      context.fillRect(block.x, block.y, block.width, block.height);
      return;
    }
    const area = areas[mode], bits = cellsOf(number);
    for (const top of [area.y, area.y + area.height - cellPixels]) {
      for (let i = 0; i < cellCount; i++) {
        context.fillStyle = (bits >> (cellCount - 1 - i)) & 1 ? "#fff" : "#000";
        context.fillRect(area.x + i * cellPixels, top, cellPixels, cellPixels);
      }
    }
  }
  const open = () => new WebSocket("ws://" + location.host);`;

/** A page whose main thread owns the socket and the canvas. */
export const floorPage = `${head}${canvas}<script>${paint}
  const context = document.querySelector("canvas").getContext("2d", { alpha: false });
  const socket = open();
  socket.onmessage = ({ data }) => paint(context, JSON.parse(data));
  addEventListener("pointerdown", () => socket.send("click"));
  addEventListener("mousedown", (event) => event.preventDefault());
</script>`;

/** A page whose worker owns both; it can be asked for pixels as the Sightline element can. */
export const floorWorkerPage = `${head}${canvas}<script>
  const canvas = document.querySelector("canvas"), worker = new Worker("/worker.js"), asked = [];
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ canvas: offscreen }, [offscreen]);
  canvas.readPixels = (rect) => new Promise((resolve) => { asked.push(resolve); worker.postMessage({ rect }); });
  worker.onmessage = ({ data }) => asked.shift()(data);
  addEventListener("pointerdown", () => worker.postMessage({ click: true }));
  addEventListener("mousedown", (event) => event.preventDefault());
</script>`;

/** The worker's script. */
export const floorWorker = `${paint}
  let context;
  const socket = open();
  socket.onmessage = ({ data }) => paint(context, JSON.parse(data));
  onmessage = ({ data: { canvas, rect, click } }) => {
    if (canvas) context = canvas.getContext("2d", { alpha: false });
    if (click) socket.send("click");
    if (rect) {
      const { data } = context.getImageData(rect.x, rect.y, rect.width, rect.height);
      postMessage(data, [data.buffer]);
    }
  };`;
