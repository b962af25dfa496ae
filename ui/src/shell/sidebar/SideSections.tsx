import { Suspense } from "react";
import type { Sandbox } from "../../api/wire/Sandbox";
import { Loading } from "../../kit";
import { paneTypes } from "../../state/panes";
import { PaneBoundary } from "../PaneBoundary";
import { fixedHandle } from "../Panel";
import { Section } from "./Section";
import css from "./Sidebar.module.css";

/** The sections of the sandbox in view (its files). They are there while it runs. */
export const SideSections = ({ sandbox }: { sandbox: Sandbox }) => {
  if (sandbox.state !== "running") return null;
  return paneTypes("side").map((kind) => (
    <Section
      key={`${kind.type} ${sandbox.id}`}
      title={kind.title({})}
      actions={kind.actions && <kind.actions sandboxId={sandbox.id} />}
      fills
    >
      <div className={css.fill}>
        <PaneBoundary>
          <Suspense fallback={<Loading />}>
            <kind.component
              sandboxId={sandbox.id}
              params={{}}
              pane={fixedHandle(kind.type, () => {})}
              visible
            />
          </Suspense>
        </PaneBoundary>
      </div>
    </Section>
  ));
};
