/**
 * What a terminal may answer to the program in it. xterm sends its answers through the same event as keys,
 * so anything that prints (a file shown with `cat`) could make the terminal type. Only answers whose
 * content a program cannot choose are let through, and none at all while old output is replayed:
 * those questions were answered, or given up, long ago.
 */
import type { IDisposable, Terminal } from "@xterm/xterm";

/** Focus reports are sent by the terminal itself when a replayed program asked for them. */
const FOCUS_REPORTS = ["\x1b[I", "\x1b[O"];

export interface AnswerGate extends IDisposable {
  /** Whether `data` from `onData` may go to the PTY. */
  passes(data: string): boolean;
  setReplaying(on: boolean): void;
}

/** Installs the gate on a terminal's parser. A handler that returns `true` ends the sequence: nothing answers it. */
export function gateAnswers(term: Terminal): AnswerGate {
  let replaying = false;
  const whenReplaying = () => replaying;
  const always = () => true;
  const { parser } = term;
  const installed: IDisposable[] = [
    // Needed by programs, content fixed or a position: device attributes, status, modes.
    parser.registerCsiHandler({ final: "c" }, whenReplaying),
    parser.registerCsiHandler({ prefix: ">", final: "c" }, whenReplaying),
    parser.registerCsiHandler({ final: "n" }, whenReplaying),
    parser.registerCsiHandler({ prefix: "?", final: "n" }, whenReplaying),
    parser.registerCsiHandler({ intermediates: "$", final: "p" }, whenReplaying),
    parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, whenReplaying),
    // The theme's colours, which editors ask for to choose a palette. Setting them is left to xterm.
    ...[10, 11, 12].map((id) => parser.registerOscHandler(id, (data) => replaying && data.includes("?"))),
    parser.registerOscHandler(4, (data) => data.includes("?")),
    // Never: clipboard, window and title reports, DECRQSS, terminfo queries, version, DA3.
    parser.registerOscHandler(52, always),
    parser.registerCsiHandler({ final: "t" }, always),
    parser.registerCsiHandler({ prefix: "=", final: "c" }, always),
    parser.registerCsiHandler({ prefix: ">", final: "q" }, always),
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, always),
    parser.registerDcsHandler({ intermediates: "+", final: "q" }, always),
  ];
  return {
    passes: (data) => !(replaying && FOCUS_REPORTS.includes(data)),
    setReplaying: (on) => {
      replaying = on;
    },
    dispose: () => {
      for (const handler of installed) handler.dispose();
    },
  };
}
