import type { Page } from "playwright-core";

/** Every picture that the browser puts on its screen for a page, as PNG files in base64. */
export type Screencast = { readonly pictures: readonly string[]; stop(): Promise<void> };

/** Begins to collect what the page's tab shows. */
export async function startScreencast(page: Page): Promise<Screencast> {
  const session = await page.context().newCDPSession(page);
  const pictures: string[] = [];
  session.on("Page.screencastFrame", ({ data, sessionId }) => {
    pictures.push(data);
    // The last one may be on its way when the session ends.
    session.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
  });
  await session.send("Page.startScreencast", { format: "png" });
  return {
    pictures,
    async stop() {
      await session.send("Page.stopScreencast");
      await session.detach();
    },
  };
}

/** R, G, B at a point of each picture, in CSS pixels of a page whose screen has as many. */
export function coloursAt(
  page: Page,
  pictures: readonly string[],
  point: { x: number; y: number },
): Promise<number[][]> {
  return page.evaluate(
    async ({ pictures, x, y }) => {
      const colours: number[][] = [];
      for (const picture of pictures) {
        const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        if (context === null) throw new Error("There is no canvas.");
        context.drawImage(bitmap, 0, 0);
        colours.push(Array.from(context.getImageData(Math.round(x), Math.round(y), 1, 1).data.slice(0, 3)));
        bitmap.close();
      }
      return colours;
    },
    { pictures, ...point },
  );
}
