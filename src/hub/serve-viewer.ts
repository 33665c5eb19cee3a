import { ProtocolError } from "../base/index.ts";
import type { Link } from "../node/index.ts";
import { clipboardFromViewer, InputRelay } from "./control/index.ts";
import type { HubCore } from "./hub-core.ts";
import { type Access, grantsFor, type Source, type ViewerPort } from "./ports.ts";
import { serveLink } from "./serve-link.ts";
import { type ViewerListener, ViewerSession } from "./viewers/index.ts";

/** Makes the function that serves a viewer's link until it ends. */
export function viewerServer(
  core: HubCore,
  hub: { readonly name: string; readonly version: string },
): (link: Link, access: Access) => void {
  const listener = viewerListener(core);
  return (link, access) => {
    const viewer: ViewerSession = new ViewerSession(link, {
      id: core.viewers.nextId(),
      access,
      hub,
      sources: () => core.describeSources(access),
      listener,
    });
    core.viewers.add(viewer);
    serveLink(link, viewer, { log: core.log, helloMs: core.timings.helloMs, greeted: () => viewer.greeted });
  };
}

function viewerListener(core: HubCore): ViewerListener {
  const { sources, rungs, desk, notices } = core;
  const sourceFor = (viewer: ViewerPort, sourceId: number): Source => {
    const source = sources.get(sourceId);
    if (source !== undefined && grantsFor(viewer.access, source.path).includes("view")) return source;
    throw new ProtocolError("wrong-state", `There is no source ${sourceId} for this viewer.`);
  };
  const watches = (viewer: ViewerPort, sourceId: number): boolean => rungs.watches(viewer, sourceId);
  const relay = new InputRelay({ desk, sourceFor, watches });
  const leave = (viewer: ViewerPort, source: Source | undefined): void => {
    if (source !== undefined && !watches(viewer, source.id)) desk.release(viewer, source, "");
  };
  return {
    watch(viewer, message) {
      const source = sourceFor(viewer, message.source);
      const isNew = !watches(viewer, source.id);
      const earlier = rungs.watch(viewer, message, source);
      leave(viewer, earlier);
      if (!isNew || !watches(viewer, source.id)) return;
      desk.tell(viewer, source, "");
      viewer.showCursor(source);
      notices.replay(viewer, source);
    },
    unwatch(viewer, message) {
      leave(viewer, rungs.unwatch(viewer, message.watch));
    },
    keyframe(viewer, message) {
      rungs.wantKeyframe(viewer, message.rung);
    },
    control(viewer, message) {
      relay.control(viewer, message);
    },
    text(viewer, message) {
      relay.text(viewer, message);
    },
    clipboard(viewer, message) {
      clipboardFromViewer(viewer, message, { sourceFor, watches });
    },
    tube(viewer, message) {
      core.tubes.fromViewer(viewer, message);
    },
    ack(viewer, ack) {
      rungs.ack(viewer, ack);
    },
    input(viewer, message) {
      relay.input(viewer, message);
    },
    drained(viewer) {
      rungs.drained(viewer);
    },
    ended(viewer, close) {
      desk.releaseViewer(viewer, "The viewer who had control has left.");
      core.tubes.viewerEnded(viewer);
      rungs.removeViewer(viewer);
      core.viewers.remove(viewer);
      core.metrics.linkClosed("viewer", close);
    },
  };
}
