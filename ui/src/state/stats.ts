// What a sandbox uses, polled gently and only while it is looked at.
import { useQuery } from "@tanstack/react-query";
import { roundTrip } from "../api/agent";
import { stats } from "../api/gateway";
import type { Stats } from "../api/wire/Stats";

export interface Usage extends Stats {
  /** Percent of one core; absent until there are two readings. */
  cpuPercent?: number;
}

interface Reading {
  at: number;
  cpuMicros: number;
}

/** Percent of one core between two readings. */
export function rate(before: Reading | undefined, now: Reading): number | undefined {
  if (!before || now.at <= before.at || now.cpuMicros < before.cpuMicros) return undefined;
  return (now.cpuMicros - before.cpuMicros) / 10 / (now.at - before.at);
}

const readings = new Map<string, Reading>();

async function read(id: string, signal: AbortSignal): Promise<Usage> {
  const told = await stats(id, signal);
  const now = { at: Date.now(), cpuMicros: told.cpuMicros };
  const cpuPercent = told.cpuPercent ?? rate(readings.get(id), now);
  readings.set(id, now);
  return { ...told, cpuPercent };
}

/** The usage of a running sandbox, read again each `every` milliseconds while the window is in sight. */
export const useUsage = (id: string | undefined, running: boolean, every: number) =>
  useQuery({
    queryKey: ["usage", id],
    queryFn: ({ signal }) => read(id ?? "", signal),
    enabled: running && Boolean(id),
    refetchInterval: every,
    staleTime: every / 2,
  }).data;

/** Milliseconds of a round trip to the agent, told each five seconds. */
export const useLatency = (id: string | undefined, running: boolean) =>
  useQuery({
    queryKey: ["latency", id],
    queryFn: ({ signal }) => roundTrip(id ?? "", signal),
    enabled: running && Boolean(id),
    refetchInterval: 5000,
  }).data;
