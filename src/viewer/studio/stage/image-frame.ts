/** Decodes an image to a frame. Rejects when it is none or cannot be loaded. */
export async function loadImageFrame(url: string): Promise<VideoFrame> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The image could not be loaded (${response.status}).`);
  const blob = await response.blob();
  if ("ImageDecoder" in globalThis && (await ImageDecoder.isTypeSupported(blob.type))) {
    const decoder = new ImageDecoder({ data: await blob.arrayBuffer(), type: blob.type });
    const { image } = await decoder.decode();
    decoder.close();
    return image;
  }
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none" });
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  bitmap.close();
  return frame;
}
