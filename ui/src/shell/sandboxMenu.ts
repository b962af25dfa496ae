// What can be done with a sandbox: the same entries in its menu, in the palette and under the keys.
import { Pause, Pencil, Play, RotateCw, Settings2, Square, Trash2 } from "lucide-react";
import type { Sandbox } from "../api/wire/Sandbox";
import type { MenuAction, MenuItem } from "../kit/menu";
import { askDelete, turn } from "../state/life";
import { world } from "../state/sandboxes";
import { renaming, sheet } from "./uiState";

const pauseHint = ({ engine }: Sandbox) => {
  const pause = world.getState().engines.find(({ id }) => id === engine)?.capabilities.pause;
  if (!pause || pause.available) return undefined;
  return [pause.reason, pause.fixIt].filter(Boolean).join(" ");
};

function lifeEntries(one: Sandbox): MenuAction[] {
  const hint = pauseHint(one);
  const start = {
    label: "Start",
    icon: Play,
    testId: "sandbox-start",
    run: () => void turn(one.id, "start"),
  };
  const resume = {
    label: "Resume",
    icon: Play,
    testId: "sandbox-resume",
    run: () => void turn(one.id, "resume"),
  };
  const stop = { label: "Stop", icon: Square, testId: "sandbox-stop", run: () => void turn(one.id, "stop") };
  const restart = {
    label: "Restart",
    icon: RotateCw,
    testId: "sandbox-restart",
    run: () => void turn(one.id, "restart"),
  };
  const pause = {
    label: "Pause",
    icon: Pause,
    hint,
    disabled: hint !== undefined,
    testId: "sandbox-pause",
    run: () => void turn(one.id, "pause"),
  };
  if (one.state === "running") return [pause, stop, restart];
  if (one.state === "paused") return [resume, stop];
  return one.state === "creating" ? [] : [start];
}

export function sandboxMenu(one: Sandbox): MenuItem[] {
  const first = lifeEntries(one);
  return [
    ...first,
    ...(first.length ? (["separator"] as const) : []),
    {
      label: "Rename…",
      icon: Pencil,
      shortcut: "f2",
      testId: "sandbox-rename",
      run: () => renaming.setState({ id: one.id }),
    },
    {
      label: "Edit…",
      icon: Settings2,
      testId: "sandbox-edit",
      run: () => sheet.setState({ open: "edit", id: one.id }),
    },
    "separator",
    {
      label: "Delete…",
      icon: Trash2,
      danger: true,
      shortcut: "delete",
      testId: "sandbox-delete",
      run: () => askDelete(one.id),
    },
  ];
}
