import { useState } from "react";
import { Field } from "../../kit";
import { type Settings, set, useSetting } from "../../state/settings";

interface NumberSettingProps {
  name: "terminalFontSize" | "editorFontSize" | "scrollback";
  label: string;
  least: number;
  most: number;
}

/** A number between two others; what is typed counts once it is one. */
export function NumberSetting({ name, label, least, most }: NumberSettingProps) {
  const value = useSetting(name);
  const [typed, type] = useState<string>();
  const good = (text: string) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
  return (
    <Field
      label={label}
      inputMode="numeric"
      value={typed ?? String(value)}
      wrong={typed !== undefined && !good(typed) ? `From ${least} to ${most}.` : undefined}
      onChange={(event) => {
        type(event.target.value);
        if (good(event.target.value))
          set({ [name]: Number(event.target.value) } as Pick<Settings, typeof name>);
      }}
      onBlur={() => type(undefined)}
    />
  );
}
