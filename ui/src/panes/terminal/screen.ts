/** An xterm with everything that belongs to one on this window: fonts, colours, addons, links. It knows no socket. */
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type IBufferLine, type IDisposable, type ILink, Terminal } from "@xterm/xterm";
import { host } from "../../host";
import type { Settings } from "../../state/settings";
import { type AnswerGate, gateAnswers } from "./answers";
import { documentTokens, searchColors, terminalTheme } from "./colors";
import { type FilePlace, fileLinks } from "./fileLinks";
import { Renderer } from "./renderer";

const FONT = '"JetBrains Mono Variable", "JetBrains Mono", ui-monospace, monospace';

export type ScreenSettings = Pick<Settings, "terminalFontSize" | "scrollback" | "terminalRenderer">;

export interface ScreenUse {
  /** Keys, pastes, mouse reports and allowed answers, as bytes for the PTY. */
  input(data: Uint8Array<ArrayBuffer>): void;
  openFile(place: FilePlace): void;
}

const encoder = new TextEncoder();

/** Cells are measured once, so the font must be there before the first of them. */
export async function fontReady(size: number): Promise<void> {
  const sets = ["400", "700", "italic 400"].map((face) => `${face} ${size}px ${FONT}`);
  await Promise.all(sets.map((font) => document.fonts?.load(font))).catch(() => undefined);
}

export class Screen {
  readonly term: Terminal;
  readonly search = new SearchAddon({ highlightLimit: 2000 });
  readonly gate: AnswerGate;
  private readonly fitter = new FitAddon();
  private readonly renderer: Renderer;
  private settings: ScreenSettings;
  private visible = false;
  private disposables: IDisposable[] = [];

  constructor(
    private readonly element: HTMLElement,
    settings: ScreenSettings,
    use: ScreenUse,
  ) {
    this.settings = settings;
    this.term = new Terminal({
      allowProposedApi: true,
      fontFamily: FONT,
      fontSize: settings.terminalFontSize,
      scrollback: settings.scrollback,
      theme: terminalTheme(documentTokens()),
      cursorBlink: false,
      cursorInactiveStyle: "outline",
      drawBoldTextInBrightColors: false,
      minimumContrastRatio: 4.5,
      macOptionIsMeta: true,
      rightClickSelectsWord: false,
      overviewRuler: { width: 10 },
      linkHandler: { activate: (_event, uri) => openLink(uri) },
    });
    this.renderer = new Renderer(this.term);
    this.gate = gateAnswers(this.term);
    this.load(use);
    this.term.open(element);
    this.term.textarea?.setAttribute("data-testid", "terminal-input");
  }

  private load(use: ScreenUse): void {
    const { term } = this;
    term.loadAddon(this.fitter);
    term.loadAddon(this.search);
    term.loadAddon(new Unicode11Addon());
    term.unicode.activeVersion = "11";
    term.loadAddon(new WebLinksAddon((_event, uri) => openLink(uri)));
    this.disposables.push(
      this.gate,
      term.onData((data) => {
        if (this.gate.passes(data)) use.input(encoder.encode(data));
      }),
      // Mouse reports of the old kind: each character is one byte.
      term.onBinary((data) => use.input(Uint8Array.from(data, (c) => c.charCodeAt(0) & 0xff))),
      term.registerLinkProvider({
        provideLinks: (line, done) => done(this.placesIn(line, use.openFile)),
      }),
    );
  }

  /** Cells that fill the element; nothing while it has no size. */
  fit(): { cols: number; rows: number } | undefined {
    if (this.element.offsetWidth === 0 || this.element.offsetHeight === 0) return undefined;
    const wanted = this.fitter.proposeDimensions();
    if (!wanted || !Number.isFinite(wanted.cols) || !Number.isFinite(wanted.rows)) return undefined;
    const size = {
      cols: Math.max(2, wanted.cols),
      rows: Math.max(1, wanted.rows),
    };
    if (size.cols !== this.term.cols || size.rows !== this.term.rows) this.term.resize(size.cols, size.rows);
    return size;
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    this.renderer.choose(visible, this.settings.terminalRenderer);
  }

  apply(settings: ScreenSettings): void {
    this.settings = settings;
    this.term.options.fontSize = settings.terminalFontSize;
    this.term.options.scrollback = settings.scrollback;
    this.renderer.choose(this.visible, settings.terminalRenderer);
  }

  retint(): void {
    this.term.options.theme = terminalTheme(documentTokens());
  }

  get searchColors() {
    return searchColors(documentTokens());
  }

  get accelerated(): boolean {
    return this.renderer.accelerated;
  }

  dispose(): void {
    for (const one of this.disposables) one.dispose();
    this.renderer.stop();
    this.term.dispose();
  }

  private placesIn(line: number, open: (place: FilePlace) => void): ILink[] {
    const row = this.term.buffer.active.getLine(line - 1);
    if (!row) return [];
    const { text, cells } = cellsOf(row);
    return fileLinks(text).map((place) => ({
      text: text.slice(place.start, place.end),
      range: {
        start: { x: (cells[place.start] ?? place.start) + 1, y: line },
        end: { x: (cells[place.end - 1] ?? place.end - 1) + 1, y: line },
      },
      activate: () => open(place),
    }));
  }
}

/** Only addresses of the web leave the window; anything else a program prints stays text. */
function openLink(uri: string): void {
  if (/^https?:\/\//i.test(uri)) void host.openExternal(uri);
}

/** A line's text, and the cell that each of its characters stands in: wide ones take two. */
function cellsOf(row: IBufferLine): { text: string; cells: number[] } {
  let text = "";
  const cells: number[] = [];
  for (let x = 0; x < row.length; x++) {
    const cell = row.getCell(x);
    if (!cell || cell.getWidth() === 0) continue;
    const chars = cell.getChars() || " ";
    for (let i = 0; i < chars.length; i++) cells.push(x);
    text += chars;
  }
  return { text, cells };
}
