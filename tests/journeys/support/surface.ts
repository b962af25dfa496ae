/** The window as a person meets it, whichever engine draws it: WebKitGTK in the app, Chromium over `sandpitd serve`. */
export interface Surface {
  readonly name: "window" | "chromium";
  /** CSS selectors; each waits for the element to be there and to be seen. */
  click(selector: string, options?: { button?: "left" | "right"; double?: boolean }): Promise<void>;
  /** Types into whatever has the focus. */
  type(text: string): Promise<void>;
  /** One key or chord, for example `Enter` or `Control+Shift+p`. */
  press(chord: string): Promise<void>;
  text(selector: string): Promise<string>;
  count(selector: string): Promise<number>;
  see(selector: string, ms?: number): Promise<void>;
  gone(selector: string, ms?: number): Promise<void>;
  /** Runs JavaScript in the page; `script` is a function body that may `return` and use `args`. */
  run<T>(script: string, ...args: unknown[]): Promise<T>;
  picture(name: string): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}
