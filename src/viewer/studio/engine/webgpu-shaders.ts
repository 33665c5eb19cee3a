/** Numbers that both passes get, 16 bytes a row; see `writeParameters`. */
export const PARAMETER_BYTES = 10 * 16;

const PARAMETERS = `
struct Parameters {
  size: vec2i, turnOrigin: vec2i,
  turnRight: vec2i, turnDown: vec2i,
  // view (0 result, 1 matte, 2 source), by luma, has mask, has adjust
  first: vec4i,
  // invert, scaled, has own alpha, radius
  second: vec4i,
  // shrink, direction x, direction y, mean of four pixels for chroma
  third: vec4i,
  turned: vec2f, canvas: vec2f,
  place: vec4f,
  // shares of red, green and blue in luma; opacity
  weights: vec4f,
  // bytes of Y, U and V: factors of luma, blue less luma, red less luma; zero of Y
  bytes: vec4f,
  // where an external picture is cut; whether U and V alternate
  source: vec4f,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@vertex fn wholeTarget(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  let corner = vec2f(f32(index & 1u), f32(index >> 1u));
  return vec4f(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/**
 * `external` is a frame as the browser holds it; `planes` are textures of Y, U, V and alpha; `flat` is a texture of straight
 * red, green, blue and alpha.
 */
export type TextureKind = "external" | "planes" | "flat";

/** `pixel` gives colours that may lie outside of 0 to 1: cut, they would no longer tell the video's chroma. */
const LOADS: Readonly<Record<TextureKind, string>> = {
  external: `
@group(0) @binding(1) var picture: texture_external;
fn pixel(at: vec2i) -> vec4f { return textureLoad(picture, vec2u(at + vec2i(p.source.xy))); }`,
  planes: `
@group(0) @binding(1) var luma: texture_2d<f32>;
@group(0) @binding(5) var chromaU: texture_2d<f32>;
@group(0) @binding(6) var chromaV: texture_2d<f32>;
@group(0) @binding(7) var ownAlpha: texture_2d<f32>;
fn pixel(at: vec2i) -> vec4f {
  let y = (textureLoad(luma, at, 0).r * 255.0 - p.bytes.w) / p.bytes.x;
  let u = textureLoad(chromaU, at / 2, 0);
  let v = select(textureLoad(chromaV, at / 2, 0).r, u.g, p.source.z == 1.0);
  let blue = y + (u.r * 255.0 - 128.0) / p.bytes.y;
  let red = y + (v * 255.0 - 128.0) / p.bytes.z;
  let green = (y - p.weights.r * red - p.weights.b * blue) / p.weights.g;
  return vec4f(vec3f(red, green, blue) / 255.0, select(1.0, textureLoad(ownAlpha, at, 0).r, p.second.z == 1));
}`,
  flat: `
@group(0) @binding(1) var picture: texture_2d<f32>;
fn pixel(at: vec2i) -> vec4f { return textureLoad(picture, at, 0); }`,
};

/** Looks up alpha and spill for each 2x2 pixels, like the functions that fill a matte in codecs/key. */
export function matteShader(kind: TextureKind): string {
  return `${PARAMETERS}
${LOADS[kind]}
@group(0) @binding(2) var table: texture_2d<f32>;
@fragment fn matte(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = vec2i(position.xy);
  let a = at * 2;
  let b = min(a + 1, p.size - 1);
  let first = pixel(a).rgb;
  let mean = (first + pixel(vec2i(b.x, a.y)).rgb + pixel(vec2i(a.x, b.y)).rgb + pixel(b).rgb) * 0.25;
  // Video shares its chroma among four pixels already; the mean of their colours, cut at white, would not be it.
  let rgb = select(first, mean, p.third.w == 1 || p.first.y == 1) * 255.0;
  let y = dot(rgb, p.weights.rgb);
  // The mean of four bytes often lies half way between two: upwards then, however the floats came out.
  var entry = vec2i(i32(floor(p.bytes.w + y * p.bytes.x + 0.5 + 1.0 / 1024.0)), 0);
  if (p.first.y == 0) {
    entry = vec2i(i32(floor(128.0 + (rgb.b - y) * p.bytes.y + 0.5)), i32(floor(128.0 + (rgb.r - y) * p.bytes.z + 0.5)));
  }
  return vec4f(textureLoad(table, clamp(entry, vec2i(0), vec2i(255)), 0).rg, 0.0, 1.0);
}`;
}

/** The least or the mean alpha along one axis; spill passes through. */
export const AXIS_SHADER = `${PARAMETERS}
@group(0) @binding(1) var matte: texture_2d<f32>;
@fragment fn axis(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = vec2i(position.xy);
  let last = vec2i(textureDimensions(matte)) - 1;
  var least = 1.0;
  var sum = 0.0;
  for (var i = -p.second.w; i <= p.second.w; i += 1) {
    let value = textureLoad(matte, clamp(at + p.third.yz * i, vec2i(0), last), 0).r;
    least = min(least, value);
    sum += value;
  }
  let mean = floor(sum * 255.0 / f32(2 * p.second.w + 1) + 0.5) / 255.0;
  return vec4f(select(mean, least, p.third.x == 1), textureLoad(matte, at, 0).g, 0.0, 1.0);
}`;

/** Keys a layer like keyPlanar and keyRgba in codecs/key: this is the one pass over the picture's pixels. */
export function drawShader(kind: TextureKind): string {
  return `${PARAMETERS}
${LOADS[kind]}
@group(0) @binding(2) var matte: texture_2d<f32>;
@group(0) @binding(3) var mask: texture_2d<f32>;
@group(0) @binding(4) var adjust: texture_2d<f32>;
struct Corner { @builtin(position) position: vec4f, @location(0) texel: vec2f }
@vertex fn corners(@builtin(vertex_index) index: u32) -> Corner {
  let corner = vec2f(f32(index & 1u), f32(index >> 1u));
  let at = (p.place.xy + corner * p.place.zw) / p.canvas;
  return Corner(vec4f(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0), corner * p.turned);
}
fn matteAt(place: vec2i) -> f32 {
  let at = clamp(place, vec2i(0), vec2i(textureDimensions(matte)) - 1);
  var alpha = textureLoad(matte, at, 0).r;
  if (p.second.x == 1) { alpha = 1.0 - alpha; }
  if (p.first.z == 1) { alpha *= textureLoad(mask, at, 0).r; }
  return alpha;
}
fn adjusted(value: f32) -> f32 { return textureLoad(adjust, vec2i(i32(floor(value * 255.0 + 0.5)), 0), 0).r; }
fn keyed(corner: vec2i) -> vec4f {
  let t = clamp(corner, vec2i(0), vec2i(p.turned) - 1);
  let at = p.turnOrigin + t.x * p.turnRight + t.y * p.turnDown;
  let middle = at / 2;
  var alpha = 1.0;
  var spill = 1.0;
  if (p.first.x != 2) {
    let beside = middle + vec2i((at.x & 1) * 2 - 1, 0);
    let beyond = middle + vec2i(0, (at.y & 1) * 2 - 1);
    let mixed = 9.0 * matteAt(middle) + 3.0 * (matteAt(beside) + matteAt(beyond)) + matteAt(vec2i(beside.x, beyond.y));
    alpha = floor(mixed * 255.0 / 16.0 + 0.5) / 255.0;
    spill = textureLoad(matte, middle, 0).g;
  }
  let value = pixel(at);
  if (p.second.z == 1) { alpha *= value.a; }
  if (p.first.x == 1) { return vec4f(vec3f(alpha), 1.0); }
  let y = dot(value.rgb, p.weights.rgb);
  var rgb = floor(clamp(mix(vec3f(y), value.rgb, spill), vec3f(0.0), vec3f(1.0)) * 255.0 + 0.5) / 255.0;
  if (p.first.w == 1) { rgb = vec3f(adjusted(rgb.r), adjusted(rgb.g), adjusted(rgb.b)); }
  return vec4f(rgb * alpha, alpha);
}
@fragment fn draw(corner: Corner) -> @location(0) vec4f {
  if (p.second.y == 0) { return keyed(vec2i(floor(corner.texel))) * p.weights.w; }
  // Sixteen steps from pixel to pixel, as a 2D canvas scales without a GPU; exactly on a step, the one before.
  let at = floor((corner.texel - 0.5) * 16.0 - 1.0 / 64.0) / 16.0;
  let first = vec2i(floor(at));
  let part = fract(at);
  let upper = mix(keyed(first), keyed(first + vec2i(1, 0)), part.x);
  let lower = mix(keyed(first + vec2i(0, 1)), keyed(first + vec2i(1, 1)), part.x);
  return mix(upper, lower, part.y) * p.weights.w;
}`;
}
