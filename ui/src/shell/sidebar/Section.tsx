import type { ReactNode } from "react";
import { cx } from "../../kit";
import css from "./Sidebar.module.css";

/** A titled part of the sidebar, with its buttons at the right. */
export const Section = ({ title, actions, fills, children }: SectionProps) => (
  <section className={cx(css.section, fills && css.fills)} aria-label={title}>
    <header className={css.head}>
      <h2 className={css.title}>{title}</h2>
      {actions}
    </header>
    {children}
  </section>
);

interface SectionProps {
  title: string;
  actions?: ReactNode;
  /** Takes the room that is left. */
  fills?: boolean;
  children: ReactNode;
}
