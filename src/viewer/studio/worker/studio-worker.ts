import { describeError } from "../../../base/index.ts";
import { proposeKey } from "../../../codecs/key/index.ts";
import type { PageToStudio, StudioToPage } from "../messages.ts";
import { Compositor } from "./compositor.ts";
import { FrameSources } from "./frame-sources.ts";
import { Meter } from "./meter.ts";
import { borderColors, pickColor } from "./pick-color.ts";

/** The part of a dedicated worker's global scope that is used here; TypeScript's DOM types lack it. */
type WorkerScope = {
  postMessage(message: StudioToPage): void;
  onmessage: ((event: MessageEvent<PageToStudio>) => void) | null;
  close(): void;
};

const METER_MS = 1000;

const scope = self as unknown as WorkerScope;
const send = (message: StudioToPage): void => scope.postMessage(message);
const meter = new Meter();
const sources = new FrameSources({
  onFrame: (source) => compositor.frameArrived(source),
  onEnded: (source) => send({ type: "source-ended", source }),
});
const compositor: Compositor = new Compositor({ sources, meter, send });
const timer = setInterval(() => send({ type: "meter", report: meter.report(compositor.engineName) }), METER_MS);

scope.onmessage = ({ data }) => {
  switch (data.type) {
    case "open":
      compositor.open(data.forced, data.remembered);
      return;
    case "canvas":
      compositor.addCanvas(data.canvas, data.id);
      return;
    case "stream":
      meter.forgetClock();
      sources.read(data.source, data.readable);
      return;
    case "port":
      sources.listen(data.source, data.port);
      return;
    case "frame":
      sources.push(data.source, data.frame);
      return;
    case "feed":
      meter.forgetClock();
      sources.stop(data.source);
      return;
    case "remove-source":
      sources.remove(data.source);
      compositor.draw();
      return;
    case "picture":
      compositor.setPicture(data.picture);
      return;
    case "capture-times":
      meter.alignTo(data.epochsMs.map((epochMs) => epochMs - performance.timeOrigin));
      return;
    case "engine":
      compositor.force(data.forced);
      return;
    case "output":
      compositor.setOutput(data.writable);
      return;
    case "pick-color":
      void answerColor(data);
      return;
    case "propose-key":
      void answerProposal(data);
      return;
    case "close":
      clearInterval(timer);
      compositor.close();
      sources.close();
      scope.close();
  }
};

async function answerColor({ request, source, x, y }: Extract<PageToStudio, { type: "pick-color" }>): Promise<void> {
  const color = await fromFrame(source, (frame) => pickColor(frame, x, y));
  send({ type: "color", request, color });
}

async function answerProposal({ request, source }: Extract<PageToStudio, { type: "propose-key" }>): Promise<void> {
  const proposal = await fromFrame(source, async (frame) => proposeKey(await borderColors(frame)));
  send({ type: "proposal", request, proposal });
}

/** Reads from the source's newest frame; undefined without one, or when it cannot be read. */
async function fromFrame<T>(source: string, read: (frame: VideoFrame) => Promise<T>): Promise<T | undefined> {
  const frame = sources.newest(source)?.frame.clone();
  try {
    return frame === undefined ? undefined : await read(frame);
  } catch (error) {
    send({ type: "notice", level: "warning", text: `The picture could not be read: ${describeError(error)}` });
    return undefined;
  } finally {
    frame?.close();
  }
}
