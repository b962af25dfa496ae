/** What a run found, as a table for people and as JSON for machines. The twin of `tests/src/bench/table.rs`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { median, percentile } from "./sample.ts";

export interface Row {
  what: string;
  unit: "ms" | "MB" | "MB/s";
  median: number;
  p95: number;
  p99: number;
  n: number;
  peer?: string;
  peerMedian?: number;
  /** What is asked for, in words. */
  goal: string;
  met: boolean;
}

const rows: Row[] = [];

/** Adds what was measured `n` times and shows it at once. */
export function add(numbers: number[], row: Pick<Row, "what" | "unit" | "goal" | "met" | "peer" | "peerMedian">): void {
  const figures = { median: median(numbers), p95: percentile(numbers, 95), p99: percentile(numbers, 99) };
  const whole = { ...row, ...figures, n: numbers.length };
  rows.push(whole);
  process.stdout.write(`${lineOf(whole)}\n`);
}

export function write(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ rows }, null, 2));
}

function lineOf({ what, unit, n, goal, met, peer, peerMedian, ...figures }: Row): string {
  const number = (value: number) => value.toFixed(2).padStart(9);
  const beside =
    peer && peerMedian ? `${peer} ${peerMedian.toFixed(2)} (${(figures.median / peerMedian).toFixed(2)}×)` : "";
  const three = [figures.median, figures.p95, figures.p99].map(number).join(" ");
  return `${what.padEnd(46)} ${three} ${unit.padEnd(5)} ${`${n}`.padStart(4)}  ${met ? "✓" : "✗"} ${goal.padEnd(34)} ${beside}`;
}
