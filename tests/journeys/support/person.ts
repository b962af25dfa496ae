/** What a person does at the window, in their words. Built on selectors in one place. */
import { expect } from "vitest";
import { until } from "../../support/child.ts";
import type { Surface } from "./surface.ts";

export const on = (testId: string) => `[data-testid="${testId}"]`;
export const file = (path: string) => `${on("file-row")}[data-path="${path}"]`;

/** The terminal in view. Rows are read as text, wide characters included. */
const VISIBLE_TERMINAL = `[...document.querySelectorAll('[data-testid="terminal"]')].find((one) => one.checkVisibility({ visibilityProperty: true }))`;

export class Person {
  constructor(readonly at: Surface) {}

  screen(): Promise<string> {
    return this.at.run<string>(
      `const rows = ${VISIBLE_TERMINAL}?.querySelectorAll(".xterm-rows > div") ?? [];
       return [...rows].map((row) => row.textContent.replaceAll("\\u00a0", " ").trimEnd()).join("\\n");`,
    );
  }

  /** Waits until the terminal in view shows `wanted`. */
  async reads(wanted: string | RegExp, ms = 15_000): Promise<string> {
    const there = (text: string) => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text));
    let last = "";
    const look = async () => {
      last = await this.screen();
      return there(last) && last;
    };
    return until(`the terminal to show ${wanted}`, look, ms).catch((error) => {
      throw new Error(`${error}\n--- the terminal shows\n${last}`);
    });
  }

  async toTerminal(): Promise<void> {
    await this.at.run(`${VISIBLE_TERMINAL}?.querySelector("textarea")?.focus();`);
  }

  /** Brings the terminal that was opened last to the front. */
  async lastTerminal(): Promise<void> {
    const mark = (element: string) =>
      until("it to be there", () =>
        this.at.run<boolean>(
          `document.querySelector("[data-journey]")?.removeAttribute("data-journey");
           const one = ${element};
           one?.setAttribute("data-journey", "");
           return Boolean(one);`,
        ),
      );
    await mark(`[...document.querySelectorAll('[data-testid="tab-terminal"]')].at(-1)`);
    await this.at.click("[data-journey]");
    await mark(VISIBLE_TERMINAL);
    await this.at.click("[data-journey] .xterm-screen");
  }

  async enters(line: string): Promise<void> {
    await this.toTerminal();
    await this.at.type(line);
    await this.at.press("Enter");
  }

  /** Chooses a command by its title in the palette. */
  async commands(title: string): Promise<void> {
    await this.at.press("Control+Shift+p");
    await this.at.see(on("palette"));
    await this.at.type(title);
    await until(`the palette to find ${title}`, () => this.at.count(`${on("palette")} [role="option"]`).then(Boolean));
    await this.at.press("Enter");
    await this.at.gone(on("palette"));
  }

  /** Writes a whole new code cell at the end and runs it by `keys`; gives its key. */
  async runs(code: string, keys = "Control+Enter"): Promise<string> {
    const cells = () =>
      this.at.run<string[]>(
        `return [...document.querySelectorAll('[data-testid="cell"]')].map((cell) => cell.dataset.cell);`,
      );
    const before = await cells();
    const added = async () => (await cells()).find((key) => !before.includes(key));
    // An output that grows meanwhile moves the button from under the pointer: a person clicks again.
    const add = async () => {
      await this.at.click(on("add-code")).catch(() => undefined);
      return until("a new cell", added, 2_000).catch(() => undefined);
    };
    const cell = await until("a new cell", add, 30_000);
    await this.at.click(`[data-testid="cell"][data-cell="${cell}"] .cm-content`);
    await until(`cell ${cell} to take keys`, () =>
      this.at.run<boolean>(
        `return document.activeElement?.closest('[data-testid="cell"]')?.dataset.cell === args[0];`,
        cell,
      ),
    );
    await this.at.type(code);
    await this.at.press(keys);
    return cell;
  }

  /** Clicks into the field that matches `selector` until it takes keys: what grows above may move it from under the pointer. */
  async focuses(selector: string): Promise<void> {
    const focused = () => this.at.run<boolean>("return document.activeElement?.matches(args[0]) ?? false;", selector);
    await until(`${selector} to take keys`, async () => {
      await this.at.click(selector);
      return focused();
    });
  }

  private inCell<T>(cell: string, expression: string, ...args: unknown[]): Promise<T> {
    return this.at.run<T>(
      `const cell = document.querySelector('[data-testid="cell"][data-cell="' + args[0] + '"]'); return ${expression};`,
      cell,
      ...args,
    );
  }

  output(cell: string): Promise<string> {
    return this.inCell<string>(cell, `cell?.querySelector('[data-testid="cell-outputs"]')?.innerText ?? ""`);
  }

  async outputs(cell: string, wanted: string | RegExp, ms = 20_000): Promise<string> {
    let last = "";
    const look = async () => {
      last = await this.output(cell);
      return (typeof wanted === "string" ? last.includes(wanted) : wanted.test(last)) && last;
    };
    return until(`cell ${cell} to show ${wanted}`, look, ms).catch((error) => {
      throw new Error(`${error}\n--- it shows\n${last}`);
    });
  }

  cellState(cell: string): Promise<string> {
    return this.inCell<string>(cell, `cell?.dataset.state ?? ""`);
  }

  /** Waits until something in the cell matches `selector`. */
  async shows(cell: string, selector: string, ms = 20_000): Promise<void> {
    await until(
      `cell ${cell} to show ${selector}`,
      () => this.inCell<boolean>(cell, "Boolean(cell?.querySelector(args[1]))", selector),
      ms,
    );
  }

  async sandboxId(): Promise<string> {
    const id = await this.at.run<string>(
      `return document.querySelector('[data-testid^="sandbox-"][aria-selected="true"]')?.dataset.testid.slice("sandbox-".length) ?? "";`,
    );
    expect(id).not.toBe("");
    return id;
  }

  /** Chooses an entry of a sandbox's menu. */
  async chooses(id: string, entry: string): Promise<void> {
    await this.at.click(on(`sandbox-${id}`), { button: "right" });
    await this.at.click(on(entry));
  }

  async stateIs(id: string, state: string, ms = 15_000): Promise<void> {
    await this.at.see(`${on(`sandbox-${id}`)}[data-state-of="${state}"]`, ms);
  }
}
