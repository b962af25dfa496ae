/** The main job, from first start to delete, as a person does it. The same steps run in the real window and in Chromium. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../support/child.ts";
import { peer } from "../support/place.ts";
import { file, on, type Person } from "./support/person.ts";

export interface Journey {
  person: Person;
  dataDir: string;
  id: string;
}

export type Step = [what: string, take: (journey: Journey) => Promise<void>];

/** What the sandbox's file holds, as the host sees it. */
export const inWorkspace = ({ dataDir, id }: Journey, path: string) =>
  readFileSync(join(dataDir, "sandboxes", id, "workspace", path), "utf8");

const start: Step[] = [
  [
    "a. the first start says what is found and offers one button",
    async ({ person }) => {
      await person.at.see(on("first-run"), 30_000);
      expect(await person.at.text(on("first-run"))).toContain("embedded engine");
      await person.at.picture("a1-first-run");
    },
  ],
  [
    "a. one click makes a sandbox that is running and selected, with a terminal",
    async (journey) => {
      const { person } = journey;
      await person.at.click(on("first-sandbox"));
      await person.at.see(on("terminal"));
      journey.id = await person.sandboxId();
      await person.stateIs(journey.id, "running");
      await person.reads("$");
      await person.at.picture("a2-new-sandbox");
    },
  ],
];

const terminal: Step[] = [
  [
    "b. the terminal is a login shell, with colours and wide characters",
    async ({ person }) => {
      await person.enters(
        "echo $((6*7)) $TERM; shopt -q login_shell && echo login; printf '\\033[31mred\\033[0m \\u4e16\\u754c\\n'",
      );
      await person.reads(/42 xterm-256color/);
      await person.reads("login");
      await person.reads("red 世界");
      await person.at.picture("b1-terminal");
    },
  ],
  [
    "b. vim, less and htop draw and give the screen back",
    async ({ person }) => {
      await person.enters("seq 500 | less; echo less has ended");
      await person.reads(/^1\n2\n3\n/);
      await person.at.press("q");
      await person.reads(/^less has ended$/m);
      await person.enters("vi -u NONE note.txt; echo vi has ended");
      await person.reads(/^~$/m);
      await person.at.type("iwritten in vi");
      await person.at.press("Escape");
      await person.at.type(":wq");
      await person.at.press("Enter");
      await person.reads(/^vi has ended$/m);
      await person.enters("clear; cat note.txt");
      await person.reads(/^written in vi$/m);
      await person.enters("htop; echo htop has ended");
      await person.reads(/Load average|Mem/);
      await person.at.picture("b2-htop");
      await person.at.press("q");
      await person.reads(/^htop has ended$/m);
    },
  ],
  [
    "b. `yes` stays smooth, and Ctrl+C ends it",
    async ({ person }) => {
      await person.enters("clear; yes");
      await person.reads(/^y\ny\n/);
      await person.at.run(
        `globalThis.drawn = 0; const count = () => { globalThis.drawn++; requestAnimationFrame(count); }; count();`,
      );
      // How smooth it is, `make bench` measures. Here: the window draws and answers while the flood goes on.
      await until(
        "the window to go on drawing",
        async () => (await person.at.run<number>("return globalThis.drawn")) > 20,
      );
      await person.at.press("Control+Shift+p");
      await person.at.see(on("palette"));
      await person.at.press("Escape");
      await person.toTerminal();
      await person.at.press("Control+c");
      await person.enters("clear; echo quiet again");
      await person.reads(/^quiet again$/m);
    },
  ],
  [
    "b. several terminals, split; an exit code and a restart in place",
    async ({ person }) => {
      await person.commands("Split right");
      await until("two terminals to be seen", async () => {
        const script = `return [...document.querySelectorAll('[data-testid="terminal"]')].filter((one) => one.checkVisibility({ visibilityProperty: true })).length`;
        return (await person.at.run<number>(script)) === 2;
      });
      await person.at.picture("b3-split");
      await person.at.type("exit 7");
      await person.at.press("Enter");
      await person.at.see(on("terminal-ended"));
      expect(await person.at.text(on("terminal-ended"))).toContain("7");
      await person.at.press("Enter");
      await person.at.gone(on("terminal-ended"));
      await person.commands("Close tab");
    },
  ],
];

const files: Step[] = [
  [
    "c. the tree is live: a touch in the terminal appears by itself",
    async ({ person }) => {
      await person.enters("clear; mkdir -p src && touch hello.py && echo made");
      await person.at.see(file("/workspace/hello.py"));
      await person.at.see(file("/workspace/src"));
      await person.enters("rm note.txt");
      await person.at.gone(file("/workspace/note.txt"));
    },
  ],
  [
    "c. ten thousand files from a loop do not freeze it",
    async ({ person }) => {
      await person.enters("mkdir many; cd many; for i in {1..10000}; do : > f$i; done; cd ..; echo all made");
      await person.at.click(file("/workspace/many"));
      await person.reads(/^all made$/m, 30_000);
      await person.at.see(file("/workspace/many/f2"));
      await person.at.click(file("/workspace/many"));
      await person.enters("rm -r many; clear");
      await person.at.gone(file("/workspace/many"), 30_000);
    },
  ],
  [
    "c. an editor tab with highlighting saves what is typed",
    async (journey) => {
      const { person } = journey;
      await person.at.click(file("/workspace/hello.py"), { double: true });
      await person.at.see(`${on("editor")} .cm-content`);
      await person.at.click(`${on("editor")} .cm-content`);
      await person.at.type("greeting = 'hello'");
      await person.at.press("Control+s");
      await until("the file to be saved", async () => inWorkspace(journey, "hello.py").includes("greeting = 'hello'"));
      await person.at.picture("c1-editor");
    },
  ],
  [
    "c. rename, delete with undo",
    async ({ person }) => {
      await person.at.click(file("/workspace/src"));
      await person.at.press("F2");
      await person.at.see(on("files-name"));
      await person.at.press("Control+a");
      await person.at.type("source");
      await person.at.press("Enter");
      await person.at.see(file("/workspace/source"));
      await person.at.press("Delete");
      await person.at.gone(file("/workspace/source"));
      await person.at.click(`${on("notice")} button`);
      await person.at.see(file("/workspace/source"));
    },
  ],
];

const PLOT = "import matplotlib.pyplot as plt; plt.plot([1, 4, 2, 8]); plt.show()";
const FRAME = "import pandas as pd; pd.DataFrame({'month': ['Jan', 'Feb'], 'sales': [10000, 12000]})";

const notebook: Step[] = [
  [
    "d. a new notebook prints line by line as it runs",
    async ({ person }) => {
      await person.commands("New Python notebook");
      await person.at.see(on("cells"));
      const cell = await person.runs("import time\nfor i in range(3): print('line', i); time.sleep(0.7)");
      await person.outputs(cell, "line 0", 40_000);
      expect(await person.output(cell)).not.toContain("line 2");
      await person.outputs(cell, "line 2");
    },
  ],
  [
    "d. a plot is a picture, a frame is a table in an isolated frame, state is kept between cells",
    async ({ person }) => {
      const plot = await person.runs(PLOT);
      await person.shows(plot, `${on("output-image")}`, 30_000);
      const frame = await person.runs(FRAME);
      await person.shows(frame, "iframe[sandbox='allow-scripts']");
      await person.runs("kept = 41");
      const next = await person.runs("kept + 1");
      await person.outputs(next, /^42$/m);
      await person.at.picture("d1-notebook");
    },
  ],
  [
    "d. the cell that Shift+Enter goes on to stays in view, whatever comes above it",
    async ({ person }) => {
      const code = "import time; time.sleep(1); print('\\n'.join(map(str, range(40))), 'printed')";
      const cell = await person.runs(code, "Shift+Enter");
      await person.outputs(cell, "printed");
      const beyond = `const view = document.querySelector('${on("cells")}').getBoundingClientRect();
        const cell = document.activeElement.closest('[data-active]').getBoundingClientRect();
        return Math.max(cell.bottom - view.bottom, view.top - cell.top);`;
      await until("the next cell to be in view", async () => (await person.at.run<number>(beyond)) <= 0);
      for (const key of ["Escape", "d", "d"]) await person.at.press(key);
    },
  ],
  [
    "d. Markdown, LaTeX, a JSON tree and a coloured traceback",
    async ({ person }) => {
      const latex = await person.runs(
        "from IPython.display import *; display(Markdown('**bold**'), Latex('$x^2$'), JSON({'a': [1]}))",
      );
      await person.shows(latex, on("markdown"));
      await person.shows(latex, `${on("output-latex")} .katex`);
      await person.shows(latex, on("output-json"));
      const wrong = await person.runs("1/0");
      await person.outputs(wrong, "ZeroDivisionError");
      await person.shows(wrong, on("output-error"));
      await person.at.picture("d2-outputs");
    },
  ],
  [
    "d. an interrupt stops `while True: pass`, and the kernel goes on",
    async ({ person }) => {
      const endless = await person.runs("while True: pass");
      await until("the cell to run", async () => (await person.cellState(endless)) === "running");
      await person.at.click(on("interrupt"));
      await person.outputs(endless, "KeyboardInterrupt");
      const after = await person.runs("kept");
      await person.outputs(after, /^41$/m);
    },
  ],
  [
    "d. it is saved by itself, as a notebook that is whole",
    async (journey) => {
      const saved = () =>
        JSON.parse(inWorkspace(journey, "Untitled.ipynb")) as {
          nbformat: number;
          cells: { source: string[] | string }[];
        };
      await until("the notebook to be saved with its last cell", async () =>
        JSON.stringify(saved().cells.at(-1)?.source).includes("kept"),
      );
      expect(saved().nbformat).toBe(4);
      const validate = "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], as_version=4))";
      execFileSync(peer("python3"), [
        "-c",
        validate,
        join(journey.dataDir, "sandboxes", journey.id, "workspace/Untitled.ipynb"),
      ]);
    },
  ],
  [
    "d. code that asks has a field under its cell; a password is masked, a reload asks again, an interrupt ends it",
    async ({ person }) => {
      const field = `${on("cell-question")} input`;
      const code =
        "import getpass\nname = input('Your name? ')\nsecret = getpass.getpass('Password: ')\nprint(name, len(secret))";
      const cell = await person.runs(code);
      await person.shows(cell, field);
      await person.at.picture("d5-question");
      await person.at.type("Zoë");
      await person.at.press("Enter");
      await person.shows(cell, `${field}[type="password"]`);
      await person.outputs(cell, "Your name? Zoë");
      await person.at.reload();
      await person.at.see(`${field}[type="password"]`, 30_000);
      await person.focuses(field);
      await person.at.type("hunter2");
      await person.at.picture("d6-password");
      await person.at.press("Enter");
      expect(await person.outputs(cell, "Zoë 7")).not.toContain("hunter2");
      await person.at.gone(field);
      const next = await person.runs("input('Never? ')");
      await person.shows(next, field);
      await person.commands("Interrupt the kernel");
      await person.outputs(next, "KeyboardInterrupt");
      await person.at.gone(field);
    },
  ],
  [
    "d. code that goes on though it is interrupted says so, and a press restarts its kernel",
    async ({ person }) => {
      const deaf = await person.runs(
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(600)",
      );
      await until("the cell to run", async () => (await person.cellState(deaf)) === "running");
      await person.at.click(on("interrupt"));
      await person.shows(deaf, on("restart-unresponsive"));
      await person.at.picture("d7-unresponsive");
      await person.at.click(on("restart-unresponsive"));
      await person.outputs(deaf, "KernelRestarted");
      const after = await person.runs("'kept' in globals()");
      await person.outputs(after, "False");
    },
  ],
  [
    "d. a TypeScript notebook runs TypeScript, and keeps its state too",
    async ({ person }) => {
      await person.commands("Close tab");
      await person.at.gone(on("cells"));
      await person.commands("New TypeScript notebook");
      await person.at.see(on("cell-editor"));
      await person.runs("const answer: number = 41;");
      const next = await person.runs("answer + 1");
      // The first start of deno in a sandbox fills its cache.
      await person.outputs(next, /42/, 50_000);
    },
  ],
  [
    "d. TypeScript that awaits is interrupted too, and it is said at what price",
    async ({ person }) => {
      const waits = await person.runs("await new Promise((done) => setTimeout(done, 600_000))");
      await until("the cell to run", async () => (await person.cellState(waits)) === "running");
      await person.at.click(on("interrupt"));
      await person.outputs(waits, "Its variables are gone");
      await person.at.picture("d8-interrupted");
      const after = await person.runs("typeof answer");
      await person.outputs(after, /undefined/, 20_000);
    },
  ],
];

const ports: Step[] = [
  [
    "e. a server on 127.0.0.1 appears within a second or so, with its process",
    async ({ person }) => {
      await person.commands("New terminal");
      await person.reads("$");
      await person.enters(
        "echo '<h1>from the sandbox</h1>' > index.html; python3 -m http.server 8000 --bind 127.0.0.1",
      );
      await person.at.see(on("port-8000"), 10_000);
      const row = () => person.at.text(on("port-8000"));
      await until("the port's process to be named", async () => /http\.server · \d+/.test(await row()), 3_000);
      await person.at.picture("e1-ports");
    },
  ],
  [
    "e. Preview shows the page in a tab; stopping the server takes it away",
    async ({ person }) => {
      await person.at.click(`${on("port-8000")} ${on("port-preview")}`);
      await person.at.see(on("preview-frame"));
      await person.at.picture("e2-preview");
      const shown = await person.at.run<string>(
        `return document.querySelector('[data-testid="preview-frame"]')?.src ?? "";`,
      );
      expect(shown).toMatch(/^http:\/\/8000-.+\.localhost:\d+\//);
      const page = await until("the preview to answer", async () => {
        const answer = await getThroughProxy(shown);
        return answer.includes("from the sandbox") && answer;
      });
      expect(page).toContain("<h1>");
      await person.commands("Close tab");
      await person.lastTerminal();
      await person.at.press("Control+c");
      await person.at.gone(`${on("port-8000")}[data-listening="true"]`, 10_000);
    },
  ],
];

const life: Step[] = [
  [
    "f. pause and resume; the list tells the state",
    async ({ person, id }) => {
      await person.chooses(id, "sandbox-pause");
      await person.stateIs(id, "paused");
      await person.at.picture("f1-paused");
      await person.chooses(id, "sandbox-resume");
      await person.stateIs(id, "running");
    },
  ],
  [
    "f. stop and start keep the files",
    async (journey) => {
      const { person, id } = journey;
      await person.chooses(id, "sandbox-stop");
      await person.stateIs(id, "stopped");
      await person.at.picture("f2-stopped");
      await person.chooses(id, "sandbox-start");
      await person.stateIs(id, "running");
      expect(inWorkspace(journey, "hello.py")).toContain("greeting");
      await person.at.see(file("/workspace/hello.py"));
      await person.at.gone(`${on("sidebar")} ${on("state-error")}`, 3_000);
    },
  ],
];

const window: Step[] = [
  [
    "g. the palette finds commands",
    async ({ person }) => {
      await person.at.press("Control+Shift+p");
      await person.at.see(on("palette"));
      await person.at.picture("g1-palette");
      await person.at.press("Escape");
      await person.at.gone(on("palette"));
      await person.at.see(on("status-bar"));
      expect(await person.at.text(on("status-bar"))).toContain("embedded");
    },
  ],
  [
    "g. the light theme is on at once, and dark again",
    async ({ person }) => {
      const shades = () =>
        person.at.run<number[]>(
          `return ["body", '[data-testid="status-bar"]', '[data-testid="sidebar"]'].map((part) => {
            const [red, green, blue] = getComputedStyle(document.querySelector(part)).backgroundColor.match(/[\\d.]+/g);
            return (Number(red) + Number(green) + Number(blue)) / 765;
          });`,
        );
      const chooses = async (theme: string) => {
        await person.at.click(on("settings-theme"));
        await person.at.see('[role="option"][data-highlighted]');
        await person.at.type(theme);
        await until(`${theme} to be found`, async () => {
          const found = await person.at.text('[role="option"][data-highlighted]');
          if (found.trim() !== theme) throw new Error(JSON.stringify(found));
          return true;
        });
        await person.at.press("Enter");
      };
      await person.commands("Settings");
      await chooses("Light");
      await until("all to be light", async () => (await shades()).every((shade) => shade > 0.85), 3_000);
      await person.at.picture("g2-light");
      await person.lastTerminal();
      await person.at.picture("g3-light-terminal");
      await person.commands("Settings");
      await chooses("Dark");
      await until("all to be dark", async () => (await shades()).every((shade) => shade < 0.2), 3_000);
      await person.commands("Close tab");
    },
  ],
  [
    "f. delete leaves nothing",
    async ({ person, id, dataDir }) => {
      await person.chooses(id, "sandbox-delete");
      await person.at.click(on("delete-confirm"));
      await person.at.gone(on(`sandbox-${id}`));
      await until("its folder to be gone", async () => !existsSync(join(dataDir, "sandboxes", id)));
      await person.at.see(on("first-run"));
    },
  ],
];

/** Fetches a preview by the proxy's own address, since this machine's resolver may not know `*.localhost`. */
function getThroughProxy(address: string): Promise<string> {
  const { host, port, pathname } = new URL(address);
  return new Promise((done, failed) => {
    get({ host: "127.0.0.1", port, path: pathname, headers: { host } }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => done(text));
    }).on("error", failed);
  });
}

export const journey: Step[] = [...start, ...terminal, ...files, ...notebook, ...ports, ...life, ...window];

/** Takes one step and a picture of where it led; a failed one leaves a picture of its own. */
export async function walk(at: Journey, [what, take]: Step): Promise<void> {
  try {
    await take(at);
    // A page that can be scrolled is, by whatever takes the focus: then the head of the window is out of reach.
    const beyond = "return document.scrollingElement.scrollHeight - window.innerHeight";
    expect(await at.person.at.run<number>(beyond), "nothing is beyond the edge of the window").toBeLessThanOrEqual(0);
    await at.person.at.picture(`step-${what.replace(/[^a-z0-9]+/gi, "-").slice(0, 60)}`);
  } catch (error) {
    await at.person.at.picture("failed").catch(() => undefined);
    throw error;
  }
}
