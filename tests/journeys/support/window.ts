/** The real window: the app under tauri-driver on a virtual display. */
import { join } from "node:path";
import { remote } from "webdriverio";
import { type Child, freePort, start, until } from "./child.ts";
import { type Place, picture, programs } from "./place.ts";
import type { Surface } from "./surface.ts";

type Browser = Awaited<ReturnType<typeof remote>>;

const KEYS: Record<string, string> = {
  Control: "\uE009",
  Shift: "\uE008",
  Alt: "\uE00A",
  Enter: "\uE007",
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

export async function openWindow(place: Place): Promise<Window> {
  const { xvfb, name } = await display(place.env);
  const [port, native] = [await freePort(), await freePort()];
  const env = { ...place.env, DISPLAY: name, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1" };
  const driver = start("tauri-driver", ["--port", `${port}`, "--native-port", `${native}`], env);
  const application = join(programs, "sandpit");
  const browser = await until("tauri-driver to answer", () => connect(port, application), 40_000).catch((error) => {
    throw new Error(`${error}\n${driver.output()}`);
  });
  const end = async () => {
    await driver.end();
    await xvfb.end();
  };
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
      else await element.click({ button });
    },
    type: async (text) => void (await browser.keys([...text].map((key) => (key === "\n" ? KEYS.Enter! : key)))),
    press: async (chord) => void (await browser.keys(chord.split("+").map((key) => KEYS[key] ?? key))),
    text: async (selector) => (await find(selector)).getText(),
    count: async (selector) => (await browser.$$(selector)).length,
    see: async (selector, ms = 15_000) => void (await (await browser.$(selector)).waitForDisplayed({ timeout: ms })),
    gone: async (selector, ms = 15_000) =>
      void (await (await browser.$(selector)).waitForDisplayed({ timeout: ms, reverse: true })),
    run: (script, ...args) => browser.execute(`const args = [...arguments]; ${script}`, ...args) as Promise<never>,
    picture: async (name) => void (await browser.saveScreenshot(picture(`window-${name}`))),
    reload: async () => void (await browser.refresh()),
  };
}
