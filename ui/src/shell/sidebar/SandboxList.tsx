import { Plus } from "lucide-react";
import { Button } from "../../kit";
import { world } from "../../state/sandboxes";
import { select, useSelectedId } from "../../state/selection";
import { Section } from "./Section";
import css from "./Sidebar.module.css";

export function SandboxList() {
  const sandboxes = world((all) => all.sandboxes);
  const selected = useSelectedId();
  return (
    <Section title="Sandboxes">
      <ul className={css.list}>
        {sandboxes.map((one) => (
          <li key={one.id}>
            <button type="button" onClick={() => select(one.id)} aria-current={one.id === selected}>
              {one.name}
            </button>
          </li>
        ))}
      </ul>
      <Button
        className={css.new}
        tone="primary"
        icon={<Plus size={16} aria-hidden="true" />}
        data-testid="new-sandbox"
      >
        New sandbox
      </Button>
    </Section>
  );
}
