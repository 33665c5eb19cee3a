import { grantsFor, type Source, type ViewerPort } from "../ports.ts";

/** Passes clipboard text between viewers and machines, each direction by its own grant. */
export type ClipboardRelayOptions = {
  readonly sourceFor: (viewer: ViewerPort, sourceId: number) => Source;
  readonly watches: (viewer: ViewerPort, sourceId: number) => boolean;
};

/** A viewer offers text to a machine. Throws `ProtocolError` for a source that the viewer cannot know. */
export function clipboardFromViewer(
  viewer: ViewerPort,
  message: { source: number; text: string },
  { sourceFor, watches }: ClipboardRelayOptions,
): void {
  const source = sourceFor(viewer, message.source);
  if (!grantsFor(viewer.access, source.path).includes("clipboard-in") || !watches(viewer, source.id)) {
    viewer.tell({ type: "error", code: "not-granted", text: "The clipboard of this source may not be written." });
    return;
  }
  source.agent?.command({ type: "clipboard", text: message.text });
}

/** A machine offers text to those who watch one of its sources; each viewer gets it once. */
export function clipboardFromAgent(
  text: string,
  sources: Iterable<Source>,
  watchersOf: (source: Source) => Iterable<ViewerPort>,
): void {
  const told = new Set<ViewerPort>();
  for (const source of sources) {
    for (const viewer of watchersOf(source)) {
      if (told.has(viewer) || !grantsFor(viewer.access, source.path).includes("clipboard-out")) continue;
      told.add(viewer);
      viewer.tell({ type: "clipboard", source: source.id, text });
    }
  }
}
