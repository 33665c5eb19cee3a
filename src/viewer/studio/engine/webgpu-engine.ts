import { matteSize, type Rgb } from "../../../codecs/key/index.ts";
import { type BlendMode, type DrawLayer, type Engine, fitCanvas, type Size } from "./engine.ts";
import { FrameCopier } from "./frame-copy.ts";
import { type AxisPass, WebgpuLayer } from "./webgpu-layer.ts";
import { AXIS_SHADER, drawShader, matteShader, type TextureKind } from "./webgpu-shaders.ts";

/** By number of their binding. */
type Resources = Readonly<Record<number, GPUBindingResource>>;

type Blending = { readonly state: GPUBlendState; readonly writeMask: number };

const RED_GREEN_BLUE = 7;
const ALL = 15;

/** Multiplying takes two draws: what is below times the layer, then the layer where there is nothing below. */
const BLENDINGS: Readonly<Record<BlendMode, readonly Blending[]>> = {
  normal: [blending("one", "one-minus-src-alpha", ALL)],
  add: [blending("one", "one", ALL)],
  screen: [blending("one", "one-minus-src", ALL)],
  multiply: [blending("dst", "one-minus-src-alpha", RED_GREEN_BLUE), blending("one-minus-dst-alpha", "one", ALL)],
};

function blending(srcFactor: GPUBlendFactor, dstFactor: GPUBlendFactor, writeMask: number): Blending {
  const part: GPUBlendComponent = { srcFactor, dstFactor, operation: "add" };
  const alpha: GPUBlendComponent =
    srcFactor === "dst" ? { srcFactor: "one", dstFactor: "one-minus-src-alpha", operation: "add" } : part;
  return { state: { color: part, alpha }, writeMask };
}

/** Imports frames that are on the GPU already, without any copy, and uploads the planes of others. */
export class WebgpuEngine implements Engine {
  readonly name = "webgpu";
  readonly canvas: OffscreenCanvas;
  readonly #device: GPUDevice;
  readonly #context: GPUCanvasContext;
  readonly #format: GPUTextureFormat;
  readonly #pipelines = new Map<string, GPURenderPipeline>();
  readonly #copier = new FrameCopier();
  readonly #layers = new Map<string, WebgpuLayer>();
  #lost: string | undefined;
  #copies = 0;

  static async open(canvas: OffscreenCanvas): Promise<WebgpuEngine> {
    const adapter = await navigator.gpu?.requestAdapter();
    if (adapter == null) throw new Error("This browser has no WebGPU adapter.");
    const device = await adapter.requestDevice();
    // TypeScript's DOM types do not know this context of an offscreen canvas.
    const context = canvas.getContext("webgpu" as OffscreenRenderingContextId) as GPUCanvasContext | null;
    if (context === null) throw new Error("This browser gives no WebGPU canvas in a worker.");
    const format = navigator.gpu.getPreferredCanvasFormat();
    context.configure({ device, format, alphaMode: "premultiplied" });
    return new WebgpuEngine(canvas, device, context, format);
  }

  private constructor(canvas: OffscreenCanvas, device: GPUDevice, context: GPUCanvasContext, format: GPUTextureFormat) {
    this.canvas = canvas;
    this.#device = device;
    this.#context = context;
    this.#format = format;
    device.addEventListener("uncapturederror", ({ error }) => {
      this.#lost ??= error.message;
    });
    void device.lost.then(({ message }) => {
      this.#lost ??= message === "" ? "The graphics device was lost." : message;
    });
  }

  get copies(): number {
    return this.#copies;
  }

  async render(...[layers, size, background, onDrawn]: Parameters<Engine["render"]>): Promise<void> {
    const drawn: Array<{ layer: DrawLayer; own: WebgpuLayer }> = [];
    for (const layer of layers) {
      const own = this.#layers.get(layer.id) ?? new WebgpuLayer(this.#device);
      this.#layers.set(layer.id, own);
      this.#copies += await own.upload(layer, this.#copier);
      drawn.push({ layer, own });
    }
    this.#throwIfLost();
    fitCanvas(this.canvas, size);
    const encoder = this.#device.createCommandEncoder();
    const draws = drawn.map(({ layer, own }) => this.#prepare(encoder, layer, own, size));
    const pass = encoder.beginRenderPass({
      colorAttachments: [
        {
          view: this.#context.getCurrentTexture().createView(),
          loadOp: "clear",
          storeOp: "store",
          ...clear(background),
        },
      ],
    });
    for (const draw of draws) draw(pass);
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
    onDrawn?.(this.canvas);
    for (const [id, own] of this.#layers) {
      if (layers.some((layer) => layer.id === id)) continue;
      own.close();
      this.#layers.delete(id);
    }
    await this.#device.queue.onSubmittedWorkDone();
    this.#throwIfLost();
  }

  close(): void {
    for (const own of this.#layers.values()) own.close();
    this.#layers.clear();
    this.#device.destroy();
  }

  #throwIfLost(): void {
    if (this.#lost !== undefined) throw new Error(this.#lost);
  }

  /** Makes the layer's matte. Returns what draws the layer. */
  #prepare(
    encoder: GPUCommandEncoder,
    layer: DrawLayer,
    own: WebgpuLayer,
    canvas: Size,
  ): (pass: GPURenderPassEncoder) => void {
    const kind = own.kindOf(layer.frame);
    const planes: Resources =
      kind === "external"
        ? { 1: this.#device.importExternalTexture({ source: layer.frame }) }
        : kind === "flat"
          ? { 1: own.view("picture") }
          : { 1: own.view("picture"), 5: own.view("chromaU"), 6: own.view("chromaV"), 7: own.view("own") };
    const half = matteSize(layer.crop.width, layer.crop.height);
    const matte = own.matte("matte", half);
    const axes = own.prepare(layer, canvas);
    if (axes !== undefined) {
      const resources = { 0: own.set(0), ...planes, 2: own.view("table") };
      this.#pass(encoder, this.#mattePipeline(kind), resources, matte);
      this.#passAxes(encoder, own, axes, [matte, own.matte("scratch", half)]);
    }
    const tables = { 2: matte.createView(), 3: own.view("mask"), 4: own.view("adjust") };
    const resources = { 0: own.set(0), ...planes, ...tables };
    return (pass) => {
      BLENDINGS[layer.blend].forEach((_, index) => {
        const pipeline = this.#drawPipeline(kind, layer.blend, index);
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, this.#bind(pipeline, resources));
        pass.draw(4);
      });
    };
  }

  /** There and back again: along the rows into the scratch texture, along the columns back into the matte. */
  #passAxes(
    encoder: GPUCommandEncoder,
    own: WebgpuLayer,
    axes: readonly AxisPass[],
    [matte, scratch]: readonly [GPUTexture, GPUTexture],
  ): void {
    axes.forEach((_, index) => {
      const [from, to] = index % 2 === 0 ? [matte, scratch] : [scratch, matte];
      this.#pass(encoder, this.#axisPipeline(), { 0: own.set(index + 1), 1: from.createView() }, to);
    });
  }

  #pass(encoder: GPUCommandEncoder, pipeline: GPURenderPipeline, resources: Resources, target: GPUTexture): void {
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: target.createView(), loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bind(pipeline, resources));
    pass.draw(4);
    pass.end();
  }

  #bind(pipeline: GPURenderPipeline, resources: Resources): GPUBindGroup {
    const entries = Object.entries(resources).map(([binding, resource]) => ({ binding: Number(binding), resource }));
    return this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  }

  #mattePipeline(kind: TextureKind): GPURenderPipeline {
    return this.#pipeline(`matte ${kind}`, matteShader(kind), ["wholeTarget", "matte"], { format: "rg8unorm" });
  }

  #axisPipeline(): GPURenderPipeline {
    return this.#pipeline("axis", AXIS_SHADER, ["wholeTarget", "axis"], { format: "rg8unorm" });
  }

  #drawPipeline(kind: TextureKind, blend: BlendMode, index: number): GPURenderPipeline {
    const { state, writeMask } = BLENDINGS[blend][index] as Blending;
    const target = { format: this.#format, blend: state, writeMask };
    return this.#pipeline(`draw ${kind} ${blend} ${index}`, drawShader(kind), ["corners", "draw"], target);
  }

  #pipeline(
    name: string,
    code: string,
    [vertex, fragment]: readonly [string, string],
    target: GPUColorTargetState,
  ): GPURenderPipeline {
    let pipeline = this.#pipelines.get(name);
    if (pipeline === undefined) {
      const module = this.#device.createShaderModule({ code });
      pipeline = this.#device.createRenderPipeline({
        layout: "auto",
        vertex: { module, entryPoint: vertex },
        fragment: { module, entryPoint: fragment, targets: [target] },
        primitive: { topology: "triangle-strip" },
      });
      this.#pipelines.set(name, pipeline);
    }
    return pipeline;
  }
}

function clear(background: Rgb | undefined): { readonly clearValue: GPUColor } {
  if (background === undefined) return { clearValue: [0, 0, 0, 0] };
  const [red, green, blue] = background;
  return { clearValue: [red / 255, green / 255, blue / 255, 1] };
}
