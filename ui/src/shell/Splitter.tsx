import type { KeyboardEvent, PointerEvent } from "react";
import { cx } from "../kit";
import css from "./Splitter.module.css";

export interface SplitterProps {
  /** Which edge of its (positioned) parent it is, and so which way it grows it. */
  edge: "top" | "right";
  /** Pixels. */
  value: number;
  least: number;
  most: number;
  onChange(value: number): void;
}

/** An edge that is dragged, or moved by the arrow keys, to resize its parent. */
export function Splitter({ edge, value, least, most, onChange }: SplitterProps) {
  const to = (next: number) => onChange(Math.round(Math.min(most, Math.max(least, next))));
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const handle = event.currentTarget;
    const from = edge === "right" ? event.clientX : -event.clientY;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (move) => to(value + (edge === "right" ? move.clientX : -move.clientY) - from);
    handle.onlostpointercapture = () => {
      handle.onpointermove = null;
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const [grow, shrink] = edge === "right" ? ["ArrowRight", "ArrowLeft"] : ["ArrowUp", "ArrowDown"];
    if (event.key !== grow && event.key !== shrink) return;
    event.preventDefault();
    to(value + (event.key === grow ? 16 : -16));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> takes no focus and no value
    <div
      className={cx(css.splitter, css[edge])}
      role="separator"
      tabIndex={0}
      aria-label="Resize"
      aria-orientation={edge === "right" ? "vertical" : "horizontal"}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
