import { Field, Select, Switch } from "../../kit";
import { useEngine, world } from "../../state/sandboxes";
import { PairsField } from "./PairsField";
import css from "./SandboxSheet.module.css";
import { refusal, type Wish, type Wrong } from "./wish";

interface FormProps {
  wish: Wish;
  wrong: Wrong;
  /** An existing one: what cannot change any more is left out. */
  edits: boolean;
  onChange(part: Partial<Wish>): void;
}

export const SandboxForm = (props: FormProps) => {
  const { wish, edits, onChange } = props;
  return (
    <>
      <Field
        label="Name"
        placeholder={edits ? "" : "Made up when left empty"}
        value={wish.name}
        maxLength={100}
        autoFocus
        onChange={(event) => onChange({ name: event.target.value })}
        data-testid="sheet-name"
      />
      {!edits && <EngineField {...props} />}
      <Limits {...props} />
      {!edits && <Network {...props} />}
      <Idle {...props} />
      <PairsField of="env" label="Environment variables" rows={3} {...props} />
      <PairsField of="labels" label="Labels" rows={2} {...props} />
      {edits && (
        <p className={css.note}>
          Limits and variables count from the next start. The network stays {wish.network ? "on" : "off"}, as
          it was made.
        </p>
      )}
    </>
  );
};

function EngineField({ wish, onChange }: FormProps) {
  const engines = world((all) => all.engines);
  const engine = useEngine(wish.engine);
  return (
    <Select
      label="Engine"
      value={wish.engine}
      onChange={(id) => onChange({ engine: id })}
      options={engines.map(({ id, state, reason }) => ({
        value: id,
        label: state === "available" ? id : `${id}: ${reason ?? "unavailable"}`,
        disabled: state !== "available",
      }))}
      hint={engine?.version}
      data-testid="sheet-engine"
    />
  );
}

const limits = [
  { key: "cpus", label: "Processor, cores", needs: "cpuLimit", example: "1.5" },
  { key: "memoryMiB", label: "Memory, MiB", needs: "memoryLimit", example: "512" },
  { key: "pids", label: "Processes", needs: "pidsLimit", example: "256" },
] as const;

function Limits({ wish, wrong, onChange }: FormProps) {
  const engine = useEngine(wish.engine);
  const refusals = new Set(
    limits.map(({ needs }) => refusal(engine, needs)).filter((one) => one !== undefined),
  );
  return (
    <fieldset className={css.limits}>
      <legend>Limits</legend>
      {limits.map(({ key, label, needs, example }) => (
        <Field
          key={key}
          label={label}
          inputMode="decimal"
          placeholder={refusal(engine, needs) ? "not here" : `none, or ${example}`}
          value={wish[key]}
          wrong={wrong[key]}
          disabled={refusal(engine, needs) !== undefined}
          onChange={(event) => onChange({ [key]: event.target.value })}
          data-testid={`sheet-${key}`}
        />
      ))}
      {[...refusals].map((why) => (
        <p key={why} className={css.note}>
          {why}
        </p>
      ))}
    </fieldset>
  );
}

const reach = {
  off: "Off: nothing beyond the sandbox can be reached. Previews of its ports work either way.",
  on: "On: it reaches what this machine can reach, except what listens on this machine's 127.0.0.1.",
};

function Network({ wish, onChange }: FormProps) {
  const refused = refusal(useEngine(wish.engine), "networkOn");
  return (
    <Switch
      label="Reach the network"
      checked={wish.network}
      disabled={refused !== undefined}
      onChange={(network) => onChange({ network })}
      hint={refused ?? `${reach[wish.network ? "on" : "off"]} This cannot be changed later.`}
      data-testid="sheet-network"
    />
  );
}

const Idle = ({ wish, wrong, onChange }: FormProps) => (
  <>
    <Field
      label="Stop after idle time"
      placeholder="never, or 10m"
      value={wish.sleepAfter}
      wrong={wrong.sleepAfter}
      disabled={wish.keepAlive}
      hint="Its files stay."
      onChange={(event) => onChange({ sleepAfter: event.target.value })}
      data-testid="sheet-sleep"
    />
    <Switch
      label="Keep alive when idle"
      checked={wish.keepAlive}
      onChange={(keepAlive) => onChange({ keepAlive })}
    />
  </>
);
