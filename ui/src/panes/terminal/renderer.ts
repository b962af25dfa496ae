/**
 * Which renderer draws a terminal: WebGL for one that can be seen, where a real GPU draws it; the DOM otherwise.
 * A browser allows few WebGL contexts, so hidden terminals give theirs back.
 */
import { WebglAddon } from "@xterm/addon-webgl";
import type { Terminal } from "@xterm/xterm";
import { host } from "../../host";
import { drawsFast } from "./gpu";

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let hardware: boolean | undefined;

/** Whether WebGL is drawn by a GPU. Software WebGL is slower than the DOM. Asked once. */
function hasHardwareWebgl(): boolean {
  hardware ??= probe();
  return hardware;
}

function probe(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  // WebKitGTK gives every renderer the same made-up name, so there the time of a drawing tells.
  const hardware = host.platform.lateWebgl ? drawsFast(gl) : name !== "" && !SOFTWARE.test(name);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return hardware;
}

export class Renderer {
  private webgl: WebglAddon | undefined;
  private lost = false;

  constructor(private readonly term: Terminal) {}

  /** Whether WebGL draws it now. */
  get accelerated(): boolean {
    return this.webgl !== undefined;
  }

  /** Chooses anew for a terminal that came into view, went out of it, or got another setting. */
  choose(visible: boolean, setting: "auto" | "dom"): void {
    const wanted = visible && setting === "auto" && !this.lost && hasHardwareWebgl();
    if (wanted && !this.webgl) this.start();
    else if (!wanted && this.webgl) this.stop();
  }

  stop(): void {
    this.webgl?.dispose();
    this.webgl = undefined;
  }

  private start(): void {
    try {
      const webgl = new WebglAddon(host.platform.lateWebgl);
      webgl.onContextLoss(() => {
        this.lost = true;
        this.stop();
      });
      this.term.loadAddon(webgl);
      this.webgl = webgl;
    } catch {
      this.lost = true;
    }
  }
}
