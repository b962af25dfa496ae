import type { Capability } from "../../api/wire/Capability";
import type { Engine } from "../../api/wire/Engine";
import { Dot } from "../../kit";
import css from "./Stage.module.css";

const names: Record<keyof Engine["capabilities"], string> = {
  codeRuntime: "Python, JavaScript and TypeScript notebooks",
  networkOn: "Network for sandboxes that ask for it",
  networkAllow: "Network to named hosts only",
  memoryLimit: "Memory limits",
  cpuLimit: "Processor limits",
  pidsLimit: "Process limits",
  diskLimit: "Disk limits",
  pause: "Pause and resume",
};

type Named = keyof typeof names;

/** An engine, and for each thing it can or cannot do: why not, and what would mend it. */
export const EngineFindings = ({ engine }: { engine: Engine }) => {
  const works = engine.state === "available";
  return (
    <section className={css.engine} aria-label={`Engine ${engine.id}`} data-testid={`engine-${engine.id}`}>
      <Finding
        good={works}
        name={`${engine.id} engine`}
        note={engine.version}
        why={engine.reason}
        fixIt={engine.fixIt}
      />
      {works &&
        (Object.keys(names) as Named[]).map((key) => (
          <FindingOf key={key} name={names[key]} capability={engine.capabilities[key]} />
        ))}
    </section>
  );
};

const FindingOf = ({ name, capability }: { name: string; capability: Capability }) => (
  <Finding good={capability.available} name={name} why={capability.reason} fixIt={capability.fixIt} minor />
);

interface FindingProps {
  good: boolean;
  name: string;
  note?: string;
  why?: string;
  fixIt?: string;
  /** Sandboxes run without it. */
  minor?: boolean;
}

const Finding = ({ good, name, note, why, fixIt, minor }: FindingProps) => (
  <div className={css.finding}>
    <Dot tone={good ? "ok" : minor ? "off" : "bad"} label={good ? "there" : "missing"} />
    <div>
      <span className={good ? undefined : css.missing}>{name}</span>
      {note && <span className={css.note}> {note}</span>}
      {!good && (why || fixIt) && (
        <p className={css.fix}>
          {why} {fixIt}
        </p>
      )}
    </div>
  </div>
);
