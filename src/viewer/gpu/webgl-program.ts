/** A linked program and where its uniforms are. */
export class WebglProgram {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #places = new Map<string, WebGLUniformLocation | null>();

  /** Throws when the program does not link, which it does not after the context was lost either. */
  constructor(gl: WebGL2RenderingContext, vertex: string, fragment: string) {
    this.#gl = gl;
    this.#program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type);
      if (shader === null) throw new Error("The graphics context was lost.");
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
        throw new Error(`A shader does not compile: ${gl.getShaderInfoLog(shader) ?? "no reason given"}.`);
      }
      gl.attachShader(this.#program, shader);
    }
    gl.linkProgram(this.#program);
    if (!gl.getProgramParameter(this.#program, gl.LINK_STATUS)) {
      throw new Error(`The shaders do not link: ${gl.getProgramInfoLog(this.#program) ?? "no reason given"}.`);
    }
  }

  use(): void {
    this.#gl.useProgram(this.#program);
  }

  /** Sets a uniform of one or several whole numbers, or a switch. */
  int(name: string, ...values: readonly (number | boolean)[]): void {
    const [x = 0, y = 0] = values.map(Number);
    if (values.length === 1) this.#gl.uniform1i(this.#place(name), x);
    else this.#gl.uniform2i(this.#place(name), x, y);
  }

  /** Sets a uniform of one, two or four numbers. */
  float(name: string, ...values: readonly number[]): void {
    const [x = 0, y = 0, z = 0, w = 0] = values;
    if (values.length === 1) this.#gl.uniform1f(this.#place(name), x);
    else if (values.length === 2) this.#gl.uniform2f(this.#place(name), x, y);
    else this.#gl.uniform4f(this.#place(name), x, y, z, w);
  }

  /** Binds a texture to a unit and names the unit to the sampler. */
  texture(name: string, unit: number, texture: WebGLTexture): void {
    this.#gl.activeTexture(this.#gl.TEXTURE0 + unit);
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, texture);
    this.#gl.uniform1i(this.#place(name), unit);
  }

  #place(name: string): WebGLUniformLocation | null {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#gl.getUniformLocation(this.#program, name);
      this.#places.set(name, place);
    }
    return place;
  }
}
