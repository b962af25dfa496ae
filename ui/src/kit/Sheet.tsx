import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./IconButton";
import css from "./Sheet.module.css";
import { useReturnFocus } from "./useReturnFocus";

export interface SheetProps {
  title: string;
  open: boolean;
  onClose(): void;
  children: ReactNode;
  /** The buttons, at the foot. */
  actions?: ReactNode;
  "data-testid"?: string;
}

/** A sheet at the side. The window behind stays in sight and in use; Escape closes it. */
export function Sheet({ title, open, onClose, children, actions, ...rest }: SheetProps) {
  const returning = useReturnFocus();
  return (
    <Dialog.Root open={open} onOpenChange={(now) => !now && onClose()} modal={false}>
      <Dialog.Portal>
        <Dialog.Content
          className={css.sheet}
          aria-describedby={undefined}
          {...returning}
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
}
