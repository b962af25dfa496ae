import { describe, expect, it } from "vitest";
import { append, KEEP_FIRST, KEEP_LAST, type Stream, textOf, fold as write } from "./text";

const red = "\u001b[31m";
const plain = "\u001b[0m";

const fold = (text: string, more: string) => textOf({ text: write(text, more) });

describe("text of a stream", () => {
  it("overwrites the line after a carriage return, and only it", () => {
    expect(fold("a\n10 %", "\r20 %")).toBe("a\n20 %");
    expect(fold("", "abcdef\rxy")).toBe("xycdef");
  });

  it("takes a carriage return with its line feed for the end of a line, even cut in two", () => {
    expect(fold(write("", "one\r"), "\ntwo")).toBe("one\ntwo");
    expect(fold("", "a\r\nb\r\n")).toBe("a\nb\n");
  });

  it("goes back over what a backspace deletes", () => {
    expect(fold("ab", "\b\bxy")).toBe("xy");
    expect(fold("", "\b\bx")).toBe("x");
  });

  it("counts characters, not colours, when it overwrites", () => {
    expect(fold("", `${red}12345${plain}\r${red}9${plain}`)).toBe(`${red}9${plain}${red}2345${plain}`);
  });

  it("erases the line when told to", () => {
    expect(fold("", "long line\r\u001b[Kshort")).toBe("short");
    expect(fold("", "long line\u001b[2K\rshort")).toBe("short");
  });

  it("shows a progress bar as one line whatever the pieces", () => {
    const bar = Array.from({ length: 101 }, (_, at) => `\r${at}%|${"#".repeat(at)}|`).join("");
    for (const size of [1, 7, 1000]) {
      let text = "";
      for (let at = 0; at < bar.length; at += size) text = write(text, bar.slice(at, at + size));
      expect(textOf({ text })).toBe(`100%|${"#".repeat(100)}|`);
    }
  });

  it("keeps the beginning and the latest of a flood and says how much is left out", () => {
    let stream: Stream = { text: "" };
    let written = 0;
    for (let at = 0; at < 400; at++) {
      const chunk = `line ${at}\n`.repeat(1000);
      written += chunk.length;
      stream = append(stream, chunk);
    }
    const kept = (stream.head?.length ?? 0) + stream.text.length;
    expect(kept).toBeLessThan(KEEP_FIRST + KEEP_LAST * 1.3);
    expect(kept + (stream.omitted ?? 0)).toBe(written);
    expect(textOf(stream)).toMatch(/^line 0\n[\s\S]*characters left out …\nline[\s\S]*line 399\n$/);
  });
});
