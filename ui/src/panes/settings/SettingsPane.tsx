import { Button, Select, Switch } from "../../kit";
import { defaultSettings, set, settings } from "../../state/settings";
import { NumberSetting } from "./NumberSetting";
import css from "./Settings.module.css";

/** What can be chosen; each choice counts at once and is kept. */
export const SettingsPane = () => (
  <div className={css.page} data-testid="settings">
    <Look />
    <Terminal />
    <Notebook />
    <Button onClick={() => set(defaultSettings)}>Back to the defaults</Button>
  </div>
);

function Look() {
  const { theme, showHidden } = settings();
  return (
    <section className={css.part}>
      <h2>Look</h2>
      <Select
        label="Theme"
        value={theme}
        onChange={(value) => set({ theme: value })}
        options={[
          { value: "system", label: "As the system" },
          { value: "dark", label: "Dark" },
          { value: "light", label: "Light" },
        ]}
        data-testid="settings-theme"
      />
      <Switch label="Show hidden files" checked={showHidden} onChange={(on) => set({ showHidden: on })} />
    </section>
  );
}

function Terminal() {
  const all = settings();
  return (
    <section className={css.part}>
      <h2>Terminal</h2>
      <NumberSetting name="terminalFontSize" label="Text size, pixels" least={8} most={32} />
      <NumberSetting name="scrollback" label="Lines kept above the screen" least={100} most={200_000} />
      <Switch
        label="Copy on select"
        checked={all.copyOnSelect}
        onChange={(on) => set({ copyOnSelect: on })}
      />
      <Switch
        label="Ctrl+C copies while something is selected"
        checked={all.terminalCtrlCCopies}
        onChange={(on) => set({ terminalCtrlCCopies: on })}
      />
      <Switch
        label="Ask before pasting several lines"
        checked={all.warnOnMultilinePaste}
        onChange={(on) => set({ warnOnMultilinePaste: on })}
      />
      <Switch
        label="Ligatures"
        checked={all.terminalLigatures}
        onChange={(on) => set({ terminalLigatures: on })}
      />
      <Select
        label="Drawing"
        value={all.terminalRenderer}
        onChange={(value) => set({ terminalRenderer: value })}
        options={[
          { value: "auto", label: "WebGL where it can be had" },
          { value: "dom", label: "Without WebGL" },
        ]}
      />
    </section>
  );
}

const Notebook = () => (
  <section className={css.part}>
    <h2>Editor and notebook</h2>
    <NumberSetting name="editorFontSize" label="Text size, pixels" least={8} most={32} />
  </section>
);
