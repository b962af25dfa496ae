/** What happens to text on its way from the clipboard into a terminal. */

export type PasteWarning = "always" | "unbracketed" | "never";

/**
 * Escape characters are shown, not sent: pasted text must not be able to end the bracketed paste
 * (`ESC [ 201 ~`) and so be run by the shell.
 */
export function safePaste(text: string): string {
  return text.replaceAll("\x1b", "\u241b").replaceAll("\x9b", "");
}

/** Lines that a paste would enter; a newline at the very end does not make another one. */
export function pasteLines(text: string): number {
  return text.replace(/(\r\n|\r|\n)$/, "").split(/\r\n|\r|\n/).length;
}

/** Whether to ask before pasting. `bracketed` is the mode that the program in the terminal has asked for. */
export function warnsBeforePaste(text: string, warning: PasteWarning, bracketed: boolean): boolean {
  if (warning === "never" || pasteLines(text) < 2) return false;
  return warning === "always" || !bracketed;
}
