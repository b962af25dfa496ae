// @vitest-environment jsdom
import { Terminal } from "@xterm/xterm";
import { describe, expect, it } from "vitest";
import { type AnswerGate, gateAnswers } from "./answers";

function terminal() {
  const term = new Terminal({ allowProposedApi: true, cols: 80, rows: 24 });
  const gate = gateAnswers(term);
  const sent: string[] = [];
  term.onData((data) => gate.passes(data) && sent.push(data));
  const show = (text: string) => new Promise<void>((done) => term.write(text, done));
  return { term, gate, sent, show } satisfies { gate: AnswerGate } & Record<string, unknown>;
}

const ATTACKS = [
  ["an OSC 52 read", "\x1b]52;c;?\x07"],
  ["a title report", "\x1b]0;rm -rf ~\x07\x1b[21t"],
  ["an icon report", "\x1b[20t"],
  ["a window size report", "\x1b[18t"],
  ["DECRQSS", "\x1bP$qm\x1b\\"],
  ["DECRQSS of nonsense", "\x1bP$q;rm -rf ~\x1b\\"],
  ["XTGETTCAP", "\x1bP+q544e\x1b\\"],
  ["XTVERSION", "\x1b[>q"],
  ["DA3", "\x1b[=c"],
  ["a palette report", "\x1b]4;1;?\x07"],
  ["ENQ", "\x05"],
] as const;

describe("what a terminal answers", () => {
  it.each(ATTACKS)("%s is never answered", async (_name, attack) => {
    const t = terminal();
    await t.show(attack);
    expect(t.sent).toEqual([]);
  });

  it("the cursor's position, the device's attributes and its status are answered, since programs wait for them", async () => {
    const t = terminal();
    await t.show("ab\x1b[6n");
    await t.show("\x1b[c");
    await t.show("\x1b[>c");
    await t.show("\x1b[5n");
    await t.show("\x1b[?25$p");
    expect(t.sent).toEqual(["\x1b[1;3R", "\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[0n", "\x1b[?25;1$y"]);
  });

  it("nothing in a replay is answered", async () => {
    const t = terminal();
    t.gate.setReplaying(true);
    await t.show("\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[?6n\x1b[?25$p\x1b]11;?\x07\x1b]10;?\x07");
    expect(t.sent).toEqual([]);
    t.gate.setReplaying(false);
    await t.show("\x1b[6n");
    expect(t.sent).toEqual(["\x1b[1;1R"]);
  });

  it("keys pass during a replay, focus reports do not", () => {
    const t = terminal();
    t.gate.setReplaying(true);
    expect(t.gate.passes("\x1b[A")).toBe(true);
    expect(t.gate.passes("\x1b[I")).toBe(false);
    t.gate.setReplaying(false);
    expect(t.gate.passes("\x1b[I")).toBe(true);
  });

  it("what draws is left alone", async () => {
    const t = terminal();
    await t.show("\x1b[1;31mred\x1b[0m\x1b[2;1Hsecond");
    expect(t.term.buffer.active.getLine(0)?.translateToString(true)).toBe("red");
    expect(t.term.buffer.active.getLine(1)?.translateToString(true)).toBe("second");
  });
});
