import { describe, expect, it } from "vitest";
import { apply, asType, merged, splitAt } from "./edit";
import { plain } from "./json";
import { emptyNotebook, newCell } from "./new";
import { readNotebook, UnreadableNotebook } from "./read";
import { writeScript } from "./script";
import { splitLines, writeNotebook } from "./write";

/** As `nbformat.write` gave it: sorted, one space, lines kept, numbers of Python. */
const JUPYTER = `{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "intro",
   "metadata": {},
   "source": [
    "# Títle\\n",
    "text"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 3,
   "id": "0a1b2c3d",
   "metadata": {
    "tags": [
     "x"
    ],
    "time": 1.0,
    "unknown": {
     "10": 1e-07,
     "9": 12345678901234567890,
     "a": []
    }
   },
   "outputs": [
    {
     "data": {
      "application/json": {
       "v": 0.10
      },
      "text/html": [
       "<b>\\n",
       "x</b>"
      ]
     },
     "execution_count": 3,
     "metadata": {},
     "output_type": "execute_result"
    },
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "a \\"quoted\\" -1.0\\n"
     ]
    }
   ],
   "source": []
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Python 3",
   "language": "python",
   "name": "python3"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`;

const reason = (text: string) => {
  try {
    readNotebook(text);
  } catch (error) {
    return error instanceof UnreadableNotebook ? error.reason : error;
  }
};

describe("a notebook file", () => {
  it("is written back byte for byte when nothing changed", () => {
    expect(writeNotebook(readNotebook(JUPYTER))).toBe(JUPYTER);
  });

  it("keeps the indent and the order of another editor", () => {
    const other = `${JSON.stringify({ cells: [], nbformat: 4, nbformat_minor: 5, metadata: {} }, null, 2)}\n`;
    expect(writeNotebook(readNotebook(other))).toContain('\n  "nbformat": 4');
  });

  it("of a format before 4.5 gets no cell ids, which that format forbids", () => {
    const old = JSON.stringify({
      cells: [{ cell_type: "code", source: "x", metadata: {}, outputs: [], execution_count: null }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 4,
    });
    const notebook = readNotebook(old);
    expect(notebook.cells[0]?.key).toBe("cell-0");
    expect(writeNotebook(notebook)).not.toContain('"id"');
  });

  it("with one id used twice gets another for the second", () => {
    const cell = { cell_type: "raw", id: "same", source: "", metadata: {} };
    const { cells } = readNotebook(
      JSON.stringify({ cells: [cell, cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
    );
    expect(new Set(cells.map(({ key }) => key)).size).toBe(2);
  });

  it("that is empty is a new notebook", () => {
    expect(readNotebook("").cells).toHaveLength(1);
  });

  it.each([
    ["cut off", JUPYTER.slice(0, 400), "not_json"],
    ["no JSON", "hello", "not_json"],
    ["another JSON", "[1]", "not_notebook"],
    ["without cells", '{"nbformat":4}', "damaged"],
    ["of cells that are none", '{"nbformat":4,"cells":[1]}', "damaged"],
    ["with a cell of a strange type", '{"nbformat":4,"cells":[{"cell_type":"x"}]}', "damaged"],
    ["with text that is none", '{"nbformat":4,"cells":[{"cell_type":"raw","source":[1]}]}', "damaged"],
    ["of format 3", '{"nbformat":3,"worksheets":[]}', "too_old"],
    ["of format 5", '{"nbformat":5,"cells":[]}', "too_new"],
    ["nested without end", `{"nbformat":4,"cells":${"[".repeat(300000)}`, "not_json"],
  ])("%s is refused with its reason", (_, text, why) => {
    expect(reason(text)).toBe(why);
  });

  it("with hostile outputs keeps them and shows what it can", () => {
    const outputs = [
      null,
      5,
      { output_type: "stream", text: 7 },
      { output_type: "display_data", data: [] },
      { output_type: "error", traceback: 5 },
    ];
    const { cells } = readNotebook(
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: {},
        cells: [{ cell_type: "code", id: "a", metadata: {}, source: "", outputs, execution_count: null }],
      }),
    );
    expect(cells[0]?.outputs.map(({ kind }) => kind)).toEqual([
      "unknown",
      "unknown",
      "unknown",
      "unknown",
      "error",
    ]);
  });

  it("does not let a key pollute objects", () => {
    readNotebook('{"nbformat":4,"cells":[],"metadata":{"__proto__":{"polluted":true}}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("shows its numbers as numbers", () => {
    const display = readNotebook(JUPYTER).cells[1]?.outputs[0];
    expect(display?.kind === "display" && plain(display.data["application/json"] ?? null)).toEqual({
      v: 0.1,
    });
  });
});

describe("lines", () => {
  it("are split where Python splits them", () => {
    expect(splitLines("a\r\nb\rc\u2028d")).toEqual(["a\r\n", "b\r", "c\u2028", "d"]);
    expect(splitLines("")).toEqual([]);
  });
});

describe("a change to the cells", () => {
  const cells = ["a", "b", "c"].map((key) => ({ ...newCell("code", key), key }));
  const keys = (list: { key: string }[]) => list.map(({ key }) => key).join("");

  it.each([
    ["insert", { do: "insert", at: 1, cells: [{ ...newCell(), key: "x" }] }, "axbc"],
    ["remove", { do: "remove", keys: ["a", "c"] }, "b"],
    ["move", { do: "move", key: "a", to: 2 }, "bca"],
  ] as const)("%s is undone by its inverse", (_, edit, after) => {
    const done = apply(cells, edit as never);
    expect(keys(done.cells)).toBe(after);
    expect(apply(done.cells, done.inverse).cells).toEqual(cells);
  });

  it("undoes a deletion without touching what was typed elsewhere since", () => {
    const { cells: left, inverse } = apply(cells, { do: "remove", keys: ["b"] });
    const typed = left.with(0, { ...left[0], source: "typed" } as never);
    expect(apply(typed, inverse).cells.map(({ source }) => source)).toEqual(["typed", "b", "c"]);
  });

  it("to another type drops what nbformat forbids there", () => {
    const note = { ...newCell("markdown"), rest: { metadata: {}, attachments: {} } };
    expect(asType(note, "code").rest).toEqual({ metadata: {} });
  });

  it("splits and merges text at a line", () => {
    const [first, second] = splitAt({ ...newCell("code", "a\nb"), key: "k" }, 1);
    expect([first.source, second.source]).toEqual(["a", "b"]);
    expect(merged(first, second).source).toBe("a\nb");
  });
});

describe("a script", () => {
  it("has a percent line for each cell, prose as comments, and magics commented out", () => {
    const cells = [newCell("markdown", "# T\n\nx"), newCell("code", "%matplotlib inline\nprint(1)")];
    expect(writeScript({ ...emptyNotebook(), cells }, "python")).toBe(
      "# %% [markdown]\n# # T\n#\n# x\n\n# %%\n# %matplotlib inline\nprint(1)\n",
    );
  });
});
