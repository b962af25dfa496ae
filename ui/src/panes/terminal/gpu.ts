/** Tells a GPU from software by the time that one costly drawing takes. */

const SIDE = 512;
/** A GPU needs a millisecond or two for it, software tens of them. */
const FAST_MS = 12;

const VERTEX = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;

const FRAGMENT = `#version 300 es
precision highp float;
out vec4 color;
void main() {
  float sum = gl_FragCoord.x + gl_FragCoord.y;
  for (int i = 0; i < 48; i++) sum = sin(sum) + cos(sum * 1.3);
  color = vec4(sum, sum, sum, 1.0);
}`;

export function drawsFast(gl: WebGL2RenderingContext): boolean {
  gl.canvas.width = gl.canvas.height = SIDE;
  gl.viewport(0, 0, SIDE, SIDE);
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) return false;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return false;
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's method, no hook of React
  gl.useProgram(program);
  // The first drawing compiles; the second is the one that counts.
  drawn(gl);
  return drawn(gl) < FAST_MS;
}

/** Milliseconds until a drawing is really done, which reading a pixel of it waits for. */
function drawn(gl: WebGL2RenderingContext): number {
  const start = performance.now();
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  return performance.now() - start;
}
