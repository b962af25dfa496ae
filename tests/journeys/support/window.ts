/** The real window: the app under tauri-driver on a virtual display. */
import { join } from "node:path";
import { remote } from "webdriverio";
import { type Child, freePort, start, until } from "../../support/child.ts";
import { type Place, picture, programs } from "../../support/place.ts";
import type { Surface } from "./surface.ts";

type Browser = Awaited<ReturnType<typeof remote>>;

const ENTER = "\uE007";

const KEYS: Record<string, string> = {
  Control: "\uE009",
  Shift: "\uE008",
  Alt: "\uE00A",
  Enter: ENTER,
  Escape: "\uE00C",
  Tab: "\uE004",
  Backspace: "\uE003",
  Delete: "\uE017",
  ArrowUp: "\uE013",
  ArrowDown: "\uE015",
  ArrowLeft: "\uE012",
  ArrowRight: "\uE014",
  F2: "\uE032",
};

/** A virtual display of its own, at the size the design is looked at. */
async function display(env: Record<string, string>): Promise<{ xvfb: Child; name: string }> {
  const xvfb = start("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], env);
  const number = await until("Xvfb to choose a display", async () => /^(\d+)$/m.exec(xvfb.output())?.[1]);
  return { xvfb, name: `:${number}` };
}

export interface Window extends Surface {
  /** Ends the app as a crash would. */
  kill(): Promise<void>;
}

/** Opens the window of `program`: the app, or what it is measured beside. */
export async function openWindow(place: Place, program = "sandpit"): Promise<Window> {
  const { xvfb, name } = await display(place.env);
  const [port, native] = [await freePort(), await freePort()];
  const env = { ...place.env, DISPLAY: name, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1" };
  const driver = start("tauri-driver", ["--port", `${port}`, "--native-port", `${native}`], env);
  const application = join(programs, program);
  const end = async () => {
    await driver.end();
    await xvfb.end();
  };
  const browser = await until("tauri-driver to answer", () => connect(port, application), 40_000).catch(
    async (error) => {
      await end();
      throw new Error(`${error}\n${driver.output()}`);
    },
  );
  return { ...surface(browser), ...endings(browser, end) };
}

function connect(port: number, application: string): Promise<Browser> {
  const options = { "tauri:options": { application }, "wdio:enforceWebDriverClassic": true };
  const capabilities = options as unknown as WebdriverIO.Capabilities;
  return remote({ hostname: "127.0.0.1", port, capabilities, logLevel: "error", connectionRetryCount: 0 });
}

function endings(browser: Browser, end: () => Promise<void>) {
  return {
    close: async () => {
      await browser.deleteSession().catch(() => undefined);
      await end();
    },
    kill: end,
  };
}

function surface(browser: Browser): Omit<Surface, "close"> {
  const find = async (selector: string) => {
    const element = await browser.$(selector);
    await element.waitForDisplayed({ timeout: 15_000, timeoutMsg: `${selector} is not shown` });
    return element;
  };
  return {
    name: "window",
    click: async (selector, { button = "left", double = false } = {}) => {
      const element = await find(selector);
      if (double) await element.doubleClick();
      // WebKitGTK's driver raises no menu from its right button, so the event of it is sent instead.
      else if (button === "right") await browser.execute(rightClick, selector);
      else await element.click();
    },
    type: async (text) => {
      // One key after another: `browser.keys` would hold them all down together.
      const keys = browser.action("key");
      for (const key of text) keys.down(key === "\n" ? ENTER : key).up(key === "\n" ? ENTER : key);
      await keys.perform();
    },
    press: async (chord) => void (await browser.keys(chord.split("+").map((key) => KEYS[key] ?? key))),
    // As drawn: the driver's own idea of an element's text leaves some of it out.
    text: async (selector) =>
      browser.execute((element: HTMLElement) => element.innerText, (await find(selector)) as never),
    count: async (selector) => (await browser.$$(selector)).length,
    see: async (selector, ms = 15_000) => void (await (await browser.$(selector)).waitForDisplayed({ timeout: ms })),
    // Asked of the page each time, since an element that was found once may have become another one.
    gone: async (selector, ms = 15_000) => {
      await until(`${selector} to be gone`, async () => !(await browser.execute(anyVisible, selector)), ms);
    },
    run: (script, ...args) => browser.execute(`const args = [...arguments]; ${script}`, ...args) as Promise<never>,
    picture: async (name) => void (await browser.saveScreenshot(picture(`window-${name}`))),
    reload: async () => void (await browser.refresh()),
  };
}

function rightClick(selector: string) {
  const element = document.querySelector(selector);
  const box = element?.getBoundingClientRect();
  const at = { clientX: (box?.x ?? 0) + 20, clientY: (box?.y ?? 0) + 10 };
  element?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, button: 2, ...at }));
}

function anyVisible(selector: string): boolean {
  return Array.from(document.querySelectorAll(selector)).some((one) =>
    one.checkVisibility({ visibilityProperty: true }),
  );
}
