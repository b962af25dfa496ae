import { describe, expect, it } from "vitest";
import { pasteLines, safePaste, warnsBeforePaste } from "./paste";

describe("a paste", () => {
  it("cannot end the bracketed paste by itself", () => {
    expect(safePaste("a\x1b[201~; rm -rf ~\n")).toBe("a\u241b[201~; rm -rf ~\n");
  });

  it("counts lines as people do", () => {
    expect(pasteLines("one")).toBe(1);
    expect(pasteLines("one\n")).toBe(1);
    expect(pasteLines("one\r\ntwo\r\n")).toBe(2);
    expect(pasteLines("one\n\nthree")).toBe(3);
  });

  it("is asked about when it has several lines, as the setting says", () => {
    expect(warnsBeforePaste("a\nb", "always", true)).toBe(true);
    expect(warnsBeforePaste("a\nb", "unbracketed", true)).toBe(false);
    expect(warnsBeforePaste("a\nb", "unbracketed", false)).toBe(true);
    expect(warnsBeforePaste("a\nb", "never", false)).toBe(false);
    expect(warnsBeforePaste("a\n", "always", false)).toBe(false);
  });
});
