/** The table at the end: `method | transport | cases | result`, printed and kept as JSON. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/place.ts";
import { type Row, rows } from "./cases.ts";

interface Line {
  method: string;
  transport: string;
  cases: number;
  passed: number;
  result: string;
}

function lines(): Line[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.method} ${row.transport}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    if (!first) return [];
    const passed = group.filter((row) => row.result === "passed").length;
    const good = first.refusedByClient ? "refused by the client" : "passed";
    const result = passed === group.length ? good : `FAILED ${group.length - passed}`;
    return [{ method: first.method, transport: first.transport, cases: group.length, passed, result }];
  });
}

function pretty(table: Line[]): string {
  const head = ["method", "transport", "cases", "result"];
  const cells = table.map((line) => [line.method, line.transport, `${line.cases}`, line.result]);
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const row = (values: string[]) => `| ${values.map((value, i) => value.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [row(head), row(widths.map((width) => "-".repeat(width))), ...cells.map(row)].join("\n");
}

export function report(): void {
  const table = lines().sort((a, b) => `${a.method} ${a.transport}`.localeCompare(`${b.method} ${b.transport}`));
  const folder = join(root, "tests/results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "conformance.json"), `${JSON.stringify({ methods: table, cases: rows }, null, 2)}\n`);
  // Not by the console, which is silent where all passes.
  process.stdout.write(`\n${pretty(table)}\n`);
}
