/** Both stages of a full-screen pass without any vertex data. */
export const PASS_VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/** Looks up alpha and spill for each 2x2 pixels, like the functions that fill a matte in codecs/key. */
export const MATTE_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform sampler2D luma, chromaU, chromaV, table;
uniform ivec2 size;
/** 0: separate U and V, 1: U and V in one texture, 2: colours. */
uniform int format;
uniform bool byLuma;
out vec4 result;
int byteOf(float value) { return int(floor(value * 255.0 + 0.5)); }
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  ivec2 a = at * 2;
  ivec2 b = min(a + 1, size - 1);
  vec4 mean = texelFetch(luma, a, 0) + texelFetch(luma, ivec2(b.x, a.y), 0)
    + texelFetch(luma, ivec2(a.x, b.y), 0) + texelFetch(luma, b, 0);
  ivec2 entry;
  if (format == 2) {
    vec3 rgb = mean.rgb * (255.0 / 4.0);
    float y = dot(rgb, vec3(0.2126, 0.7152, 0.0722));
    entry = byLuma ? ivec2(int(floor(16.0 + y * 219.0 / 255.0 + 0.5)), 0) : ivec2(
      int(floor(128.0 + (rgb.b - y) / 1.8556 * 224.0 / 255.0 + 0.5)),
      int(floor(128.0 + (rgb.r - y) / 1.5748 * 224.0 / 255.0 + 0.5)));
  } else if (byLuma) entry = ivec2(int(floor(mean.r * 255.0 / 4.0 + 0.5)), 0);
  else if (format == 1) {
    vec2 uv = texelFetch(chromaU, at, 0).rg;
    entry = ivec2(byteOf(uv.x), byteOf(uv.y));
  } else entry = ivec2(byteOf(texelFetch(chromaU, at, 0).r), byteOf(texelFetch(chromaV, at, 0).r));
  result = vec4(texelFetch(table, entry, 0).rg, 0.0, 1.0);
}`;

/** The least or the mean alpha along one axis; spill passes through. */
export const AXIS_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform sampler2D matte;
uniform ivec2 direction;
uniform int radius;
uniform bool shrink;
out vec4 result;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  ivec2 last = textureSize(matte, 0) - 1;
  float least = 1.0;
  float sum = 0.0;
  for (int i = -radius; i <= radius; i += 1) {
    float value = texelFetch(matte, clamp(at + direction * i, ivec2(0), last), 0).r;
    least = min(least, value);
    sum += value;
  }
  float mean = floor(sum * 255.0 / float(2 * radius + 1) + 0.5) / 255.0;
  result = vec4(shrink ? least : mean, texelFetch(matte, at, 0).g, 0.0, 1.0);
}`;

/** Puts the corners of a layer's place. */
export const DRAW_VERTEX = `#version 300 es
uniform vec4 place;
uniform vec2 canvas;
uniform vec2 turned;
out vec2 texel;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 at = (place.xy + corner * place.zw) / canvas;
  texel = corner * turned;
  gl_Position = vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
}`;

/** Keys a layer like keyPlanar and keyRgba in codecs/key: this is the one pass over the picture's pixels. */
export const DRAW_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform sampler2D luma, chromaU, chromaV, ownAlpha, matte, mask, adjust;
uniform int format;
uniform ivec2 size, turnOrigin, turnRight, turnDown;
/** 0: result, 1: matte, 2: source. */
uniform int view;
uniform bool hasOwnAlpha, hasMask, hasAdjust, invert, scaled;
uniform vec2 turned;
/** Luma's factor and zero, then the contributions of V to red, U and V to green, and U to blue. */
uniform vec2 lumaScale;
uniform vec4 chromaScale;
uniform float opacity;
in vec2 texel;
out vec4 result;

float matteAt(ivec2 at) {
  at = clamp(at, ivec2(0), textureSize(matte, 0) - 1);
  float alpha = texelFetch(matte, at, 0).r;
  if (invert) alpha = 1.0 - alpha;
  if (hasMask) alpha *= texelFetch(mask, at, 0).r;
  return alpha;
}

vec4 keyed(ivec2 corner) {
  ivec2 limit = ivec2(turned) - 1;
  ivec2 t = clamp(corner, ivec2(0), limit);
  ivec2 at = turnOrigin + t.x * turnRight + t.y * turnDown;
  ivec2 half_ = at >> 1;
  float alpha = 1.0;
  float spill = 1.0;
  if (view != 2) {
    ivec2 beside = half_ + ivec2((at.x & 1) * 2 - 1, 0);
    ivec2 beyond = half_ + ivec2(0, (at.y & 1) * 2 - 1);
    float mixed = 9.0 * matteAt(half_) + 3.0 * (matteAt(beside) + matteAt(beyond)) + matteAt(ivec2(beside.x, beyond.y));
    alpha = floor(mixed * 255.0 / 16.0 + 0.5) / 255.0;
    spill = texelFetch(matte, half_, 0).g;
  }
  vec4 first = texelFetch(luma, at, 0);
  vec3 rgb;
  if (format == 2) {
    float y = dot(first.rgb, vec3(0.2126, 0.7152, 0.0722));
    rgb = mix(vec3(y), first.rgb, spill);
    alpha *= first.a;
  } else {
    vec2 uv = format == 1 ? texelFetch(chromaU, half_, 0).rg
      : vec2(texelFetch(chromaU, half_, 0).r, texelFetch(chromaV, half_, 0).r);
    uv = (uv * 255.0 - 128.0) * spill;
    float y = (first.r * 255.0 - lumaScale.y) * lumaScale.x;
    rgb = vec3(y + chromaScale.x * uv.y, y + chromaScale.y * uv.x + chromaScale.z * uv.y, y + chromaScale.w * uv.x) / 255.0;
    if (hasOwnAlpha) alpha *= texelFetch(ownAlpha, at, 0).r;
  }
  if (view == 1) return vec4(vec3(alpha), 1.0);
  rgb = floor(clamp(rgb, 0.0, 1.0) * 255.0 + 0.5) / 255.0;
  if (hasAdjust) {
    ivec3 index = ivec3(floor(rgb * 255.0 + 0.5));
    rgb = vec3(texelFetch(adjust, ivec2(index.r, 0), 0).r, texelFetch(adjust, ivec2(index.g, 0), 0).r,
      texelFetch(adjust, ivec2(index.b, 0), 0).r);
  }
  return vec4(rgb * alpha, alpha);
}

void main() {
  if (!scaled) {
    result = keyed(ivec2(floor(texel))) * opacity;
    return;
  }
  // Sixteen steps from pixel to pixel, as a 2D canvas scales without a GPU; exactly on a step, the one before.
  vec2 at = floor((texel - 0.5) * 16.0 - 1.0 / 64.0) / 16.0;
  ivec2 corner = ivec2(floor(at));
  vec2 part = fract(at);
  vec4 upper = mix(keyed(corner), keyed(corner + ivec2(1, 0)), part.x);
  vec4 lower = mix(keyed(corner + ivec2(0, 1)), keyed(corner + ivec2(1, 1)), part.x);
  result = mix(upper, lower, part.y) * opacity;
}`;
