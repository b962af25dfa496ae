// Short notices at the corner: what happened, and what to do about it.
import { create } from "zustand";
import { ApiFailure, isAbort } from "../api/failure";

export interface Notice {
  id: number;
  tone: "info" | "ok" | "bad";
  text: string;
  /** A line beneath: what to do, an error's code. */
  detail?: string;
  action?: { label: string; run(): void };
  /** Another thing to do, beside `action`. */
  second?: { label: string; run(): void };
  /** Milliseconds it stays; it stays until dismissed when absent. */
  lasts?: number;
}

const MOST = 4;
let next = 1;

export const notices = create<{ list: Notice[] }>(() => ({ list: [] }));

/** Shows a notice, and tells its id. Six seconds unless said otherwise. The oldest gives way to a fifth. */
export function notify(notice: Omit<Notice, "id">): number {
  const id = next++;
  notices.setState(({ list }) => ({ list: [...list, { lasts: 6000, ...notice, id }].slice(-MOST) }));
  return id;
}

export const dismiss = (id: number) =>
  notices.setState(({ list }) => ({ list: list.filter((notice) => notice.id !== id) }));

/** Says that something did not work. A cancel is not said. */
export function notifyFailure(thrown: unknown, doing?: string) {
  if (isAbort(thrown)) return;
  const failure = ApiFailure.from(thrown);
  const text = doing ? `${doing}: ${failure.message}` : failure.message;
  notify({
    tone: "bad",
    text,
    detail: [failure.suggestion, failure.code].filter(Boolean).join(" · "),
    lasts: 12_000,
  });
}
