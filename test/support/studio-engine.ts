import type { Page } from "playwright-core";
import type { BlendMode, EngineName } from "../../dist/viewer/studio/engine/engine.js";

/** A test picture: bytes of its planes. */
export type TestFrame = {
  readonly format: "I420" | "NV12" | "I420A" | "RGBA";
  readonly width: number;
  readonly height: number;
  readonly bytes: readonly number[];
  readonly matrix?: "bt709" | "smpte170m";
  readonly fullRange?: boolean;
};

export type TestLayer = {
  readonly frame: TestFrame;
  readonly key?: Record<string, unknown>;
  readonly adjust?: { brightness: number; contrast: number; gamma: number };
  readonly rotation?: 0 | 90 | 180 | 270;
  readonly mirror?: boolean;
  readonly crop?: { x: number; y: number; width: number; height: number };
  readonly place?: { x: number; y: number; width: number; height: number };
  readonly view?: "result" | "matte" | "source";
  readonly opacity?: number;
  readonly blend?: BlendMode;
};

export type TestPicture = {
  readonly width: number;
  readonly height: number;
  readonly background?: readonly [number, number, number];
  readonly layers: readonly TestLayer[];
};

/** Draws pictures with one engine in the page, the second half of them with the same engine; R G B A, premultiplied. */
export async function drawWith(
  page: Page,
  engine: EngineName,
  pictures: readonly TestPicture[],
): Promise<{ pictures: number[][]; copies: number }> {
  return page.evaluate(drawInPage, { name: engine, pictures });
}

async function drawInPage({
  name,
  pictures,
}: {
  name: EngineName;
  pictures: readonly TestPicture[];
}): Promise<{ pictures: number[][]; copies: number }> {
  const { importModule: load } = window as unknown as { importModule(path: string): Promise<Record<string, never>> };
  const { openEngine } = (await load(
    "/viewer/studio/engine/engines.js",
  )) as unknown as typeof import("../../dist/viewer/studio/engine/engines.js");
  const { CompiledKey } = (await load(
    "/viewer/studio/engine/compiled-key.js",
  )) as unknown as typeof import("../../dist/viewer/studio/engine/compiled-key.js");
  const { DEFAULT_KEY, NO_ADJUST, turnedSize } = (await load(
    "/codecs/key/index.js",
  )) as unknown as typeof import("../../dist/codecs/key/index.js");
  const engine = await openEngine(name, new OffscreenCanvas(1, 1));
  const results: number[][] = [];
  let version = 0;
  for (const picture of pictures) {
    const layers = picture.layers.map((layer, index) => {
      const { format, width, height, bytes, matrix, fullRange } = layer.frame;
      version += 1;
      const frame = new VideoFrame(Uint8Array.from(bytes), {
        format: format as VideoPixelFormat,
        codedWidth: width,
        codedHeight: height,
        timestamp: 0,
        colorSpace:
          format === "RGBA"
            ? undefined
            : {
                matrix: matrix ?? "bt709",
                primaries: "bt709",
                transfer: "iec61966-2-1",
                fullRange: fullRange ?? false,
              },
      } as VideoFrameBufferInit);
      const crop = layer.crop ?? { x: 0, y: 0, width, height };
      const orientation = { rotation: layer.rotation ?? 0, mirror: layer.mirror ?? false };
      return {
        id: String(index),
        frame,
        version,
        crop,
        orientation,
        place: layer.place ?? { x: 0, y: 0, ...turnedSize(crop, orientation) },
        key: new CompiledKey({ ...DEFAULT_KEY, ...layer.key }, layer.adjust ?? NO_ADJUST),
        view: layer.view ?? "result",
        opacity: layer.opacity ?? 1,
        blend: layer.blend ?? "normal",
      } as const;
    });
    let shown: Promise<ImageBitmap> | undefined;
    await engine.render(layers, picture, picture.background, (canvas) => {
      shown = createImageBitmap(canvas, { premultiplyAlpha: "premultiply" });
    });
    for (const { frame } of layers) frame.close();
    const bitmap = await (shown as unknown as Promise<ImageBitmap>);
    // Read through a texture, which gives the premultiplied bytes as they are.
    const gl = new OffscreenCanvas(1, 1).getContext("webgl2") as WebGL2RenderingContext;
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER,
      gl.COLOR_ATTACHMENT0,
      gl.TEXTURE_2D,
      gl.getParameter(gl.TEXTURE_BINDING_2D),
      0,
    );
    const pixels = new Uint8Array(bitmap.width * bitmap.height * 4);
    gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    results.push(Array.from(pixels));
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
  const { copies } = engine;
  engine.close();
  return { pictures: results, copies };
}
