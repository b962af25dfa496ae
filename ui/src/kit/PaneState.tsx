// The states of a pane other than being in use. Each says what is, and what to do about it.
import { type ReactNode, useEffect, useState } from "react";
import type { ApiFailure } from "../api/failure";
import { Button } from "./Button";
import { cx } from "./cx";
import { Dot } from "./Marks";
import css from "./PaneState.module.css";

interface Words {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** For a narrow place, such as the sidebar. */
  tight?: boolean;
  "data-testid"?: string;
}

const State = ({ title, children, actions, tight, code, ...rest }: Words & { code?: string }) => (
  <div className={cx(css.state, tight && css.tight)} {...rest}>
    <div className={css.words}>
      <p className={css.title}>{title}</p>
      {children && <div className={css.text}>{children}</div>}
      {code && <p className={css.code}>{code}</p>}
    </div>
    {actions && <div className={css.actions}>{actions}</div>}
  </div>
);

/** Nothing here yet: what to do, with the button in `actions`. */
export const Empty = (words: Words) => <State data-testid="state-empty" {...words} />;

/** What went wrong, in words, with its code beneath and a way to try again. */
export const Failed = ({ failure, onRetry, actions, tight }: FailedProps) => (
  <State
    title={failure.message}
    code={failure.code}
    tight={tight}
    data-testid="state-error"
    actions={
      <>
        {onRetry && <Button onClick={onRetry}>Retry</Button>}
        {actions}
      </>
    }
  >
    {failure.suggestion}
  </State>
);

interface FailedProps {
  failure: ApiFailure;
  onRetry?: () => void;
  actions?: ReactNode;
  tight?: boolean;
}

/** Grey lines where content will be; nothing at all for the first 150 ms. */
export function Loading({ lines = 5, label = "Loading" }: { lines?: number; label?: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className={css.skeleton} role="status" aria-label={label} data-testid="state-loading">
      {Array.from({ length: lines }, (_, at) => at).map((at) => (
        <div key={at} className={css.bone} style={{ width: `${88 - ((at * 23) % 50)}%` }} />
      ))}
    </div>
  );
}

/** A line above a pane that lost its connection: seconds until the next try, and trying now. */
export const Disconnected = ({ retryAt, onRetry, children }: DisconnectedProps) => {
  const left = useSecondsUntil(retryAt);
  return (
    <div className={css.bar} role="status" data-testid="state-disconnected">
      <Dot tone="warn" />
      <span>{left > 0 ? `Disconnected. Trying again in ${left} s.` : "Disconnected. Trying again…"}</span>
      {children}
      <Button small tone="quiet" onClick={onRetry}>
        Try now
      </Button>
    </div>
  );
};

interface DisconnectedProps {
  /** Milliseconds since the epoch; absent while a try is under way. */
  retryAt?: number;
  onRetry(): void;
  /** What happens to what is typed meanwhile. */
  children?: ReactNode;
}

function useSecondsUntil(at: number | undefined) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (at === undefined) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [at]);
  return at === undefined ? 0 : Math.max(0, Math.ceil((at - now) / 1000));
}
