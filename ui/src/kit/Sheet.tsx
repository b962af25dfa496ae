import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./IconButton";
import css from "./Sheet.module.css";

export interface SheetProps {
  title: string;
  open: boolean;
  onClose(): void;
  children: ReactNode;
  /** The buttons, at the foot. */
  actions?: ReactNode;
  "data-testid"?: string;
}

/** The focus goes back to where it was, unless what the sheet did has put it elsewhere. */
const leaveFocus = (event: Event) => {
  if (document.activeElement !== document.body) event.preventDefault();
};

/** A sheet at the side. The window behind stays in sight and in use; Escape closes it. */
export const Sheet = ({ title, open, onClose, children, actions, ...rest }: SheetProps) => (
  <Dialog.Root open={open} onOpenChange={(now) => !now && onClose()} modal={false}>
    <Dialog.Portal>
      <Dialog.Content
        className={css.sheet}
        aria-describedby={undefined}
        onCloseAutoFocus={leaveFocus}
        onInteractOutside={(event) => event.preventDefault()}
        {...rest}
      >
        <header className={css.head}>
          <Dialog.Title className={css.title}>{title}</Dialog.Title>
          <IconButton icon={X} label="Close" shortcut="escape" onClick={onClose} />
        </header>
        <div className={css.body}>{children}</div>
        {actions && <footer className={css.foot}>{actions}</footer>}
      </Dialog.Content>
    </Dialog.Portal>
  </Dialog.Root>
);
