import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Disconnected, Dot, type Tone } from "../../../kit";
import css from "../Notebook.module.css";
import { useNotebook, useSession } from "../useNotebook";

/** What a person should know now, in lines above the cells: nothing covers what they wrote. */
export function Bars() {
  return (
    <>
      <LinkBar />
      <SaveBar />
      <KernelBar />
      <NoteBar />
    </>
  );
}

const Bar = ({
  tone,
  children,
  actions,
  testId,
}: {
  tone: Tone;
  children: ReactNode;
  actions?: ReactNode;
  testId: string;
}) => (
  // A press leaves the keyboard in the cell: the bar it was on goes.
  <div
    className={css.notice}
    role="status"
    data-testid={testId}
    onMouseDown={(event) => event.preventDefault()}
  >
    <Dot tone={tone} />
    <span className={css.noticeText}>{children}</span>
    {actions}
  </div>
);

function LinkBar() {
  const session = useSession();
  const link = useNotebook((state) => state.link);
  if (link?.at === "waiting") {
    return (
      <Disconnected retryAt={link.retryAt} onRetry={() => session.reconnect()}>
        <span>The kernel runs on; its output follows.</span>
      </Disconnected>
    );
  }
  if (link?.at !== "refused" || link.failure.status === 404) return null;
  return (
    <Bar tone="bad" testId="kernel-refused" actions={<Retry onRetry={() => session.reconnect()} />}>
      {link.failure.message} <Code>{link.failure.code}</Code>
    </Bar>
  );
}

function SaveBar() {
  const session = useSession();
  const saving = useNotebook((state) => state.saving);
  if (saving.at === "conflict") {
    return (
      <Bar
        tone="warn"
        testId="conflict"
        actions={
          <>
            <Button small tone="quiet" onClick={() => void session.load()} data-testid="conflict-reload">
              Reload
            </Button>
            <Button small tone="quiet" onClick={() => void session.keepMine()} data-testid="conflict-keep">
              Keep mine
            </Button>
          </>
        }
      >
        This file was changed by something else. Nothing is saved until you choose.
      </Bar>
    );
  }
  if (saving.at !== "failed") return null;
  return (
    <Bar tone="bad" testId="save-failed" actions={<Retry onRetry={() => void session.save()} />}>
      Not saved: {saving.failure.message} <Code>{saving.failure.code}</Code>
    </Bar>
  );
}

function KernelBar() {
  const session = useSession();
  const failure = useNotebook((state) => state.kernelFailure);
  const dead = useNotebook(({ runs, context }) => context !== undefined && runs.kernel === "dead");
  if (failure) {
    return (
      <Bar tone="bad" testId="kernel-failed" actions={<Retry onRetry={() => session.reconnect()} />}>
        The kernel did not start: {failure.message} {failure.suggestion} <Code>{failure.code}</Code>
      </Bar>
    );
  }
  if (!dead) return null;
  const restart = (
    <Button
      small
      tone="quiet"
      icon={<RotateCw size={14} aria-hidden="true" />}
      onClick={() => session.restart()}
    >
      Restart
    </Button>
  );
  return (
    <Bar tone="bad" testId="kernel-dead" actions={restart}>
      The kernel ended by itself. Its variables are gone; your text and outputs are kept.
    </Bar>
  );
}

function NoteBar() {
  const session = useSession();
  const note = useNotebook((state) => state.note);
  const truncated = useNotebook(({ runs }) => runs.truncated);
  if (!note && !truncated) return null;
  const dismiss = () => session.dismissNote();
  return (
    <Bar
      tone="off"
      testId="note"
      actions={
        <Button small tone="quiet" onClick={dismiss}>
          Dismiss
        </Button>
      }
    >
      {note ?? "Some output was printed while this notebook was away, more than is kept; it is missing here."}
    </Bar>
  );
}

const Retry = ({ onRetry }: { onRetry(): void }) => (
  <Button small tone="quiet" onClick={onRetry}>
    Retry
  </Button>
);

const Code = ({ children }: { children: ReactNode }) => <span className={css.code}>{children}</span>;
