import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "../kit";
import { dismiss, type Notice, notices } from "../state/notices";
import css from "./Notices.module.css";

const icons = { info: Info, ok: CircleCheck, bad: CircleAlert };

/** Notices at the corner, read out as they come. */
export const Notices = () => {
  const list = notices((all) => all.list);
  return (
    <section className={css.notices} aria-live="polite" aria-label="Notices">
      {list.map((notice) => (
        <OneNotice key={notice.id} notice={notice} />
      ))}
    </section>
  );
};

function OneNotice({ notice }: { notice: Notice }) {
  const [held, hold] = useState(false);
  useEffect(() => {
    if (held || notice.lasts === undefined) return;
    const timer = setTimeout(() => dismiss(notice.id), notice.lasts);
    return () => clearTimeout(timer);
  }, [held, notice]);
  const Icon = icons[notice.tone];
  return (
    <div
      className={css.notice}
      data-tone={notice.tone}
      data-testid="notice"
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
    >
      <Icon size={16} strokeWidth={1.6} aria-hidden="true" />
      <div className={css.words}>
        <p>{notice.text}</p>
        {notice.detail && <p className={css.detail}>{notice.detail}</p>}
      </div>
      {[notice.action, notice.second].map(
        (action) => action && <Act key={action.label} {...{ action, notice }} />,
      )}
      <IconButton icon={X} label="Dismiss" onClick={() => dismiss(notice.id)} />
    </div>
  );
}

const Act = ({ notice, action }: { notice: Notice; action: NonNullable<Notice["action"]> }) => (
  <Button
    small
    tone="quiet"
    className={css.act}
    onClick={() => {
      dismiss(notice.id);
      action.run();
    }}
  >
    {action.label}
  </Button>
);
