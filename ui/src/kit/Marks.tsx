import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import css from "./kit.module.css";

export type Tone = "ok" | "warn" | "bad" | "paused" | "busy" | "off" | "none";

/** A state as a colour. Its meaning stands in words beside it, or in `label`. */
export const Dot = ({ tone, label }: { tone: Tone; label?: string }) =>
  label ? (
    <span className={css.dot} data-tone={tone} role="img" aria-label={label} title={label} />
  ) : (
    <span className={css.dot} data-tone={tone} />
  );

export const Badge = ({ children }: { children: ReactNode }) => <span className={css.badge}>{children}</span>;

export const Spinner = ({ label = "Working", size = 14 }: { label?: string; size?: number }) => (
  <LoaderCircle className={css.spinner} size={size} strokeWidth={1.8} role="status" aria-label={label} />
);
