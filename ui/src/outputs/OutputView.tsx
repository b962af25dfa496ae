import { memo, useMemo } from "react";
import type { JsonObject } from "../panes/notebook/model/json";
import { isObject } from "../panes/notebook/model/json";
import type { DisplayOutput, Output } from "../panes/notebook/model/types";
import { textOf } from "../panes/notebook/run/text";
import { ErrorOutput } from "./ErrorOutput";
import { IsolatedFrame } from "./IsolatedFrame";
import { JsonTree } from "./JsonTree";
import { Latex } from "./Latex";
import { LongText } from "./LongText";
import { MarkdownView } from "./MarkdownView";
import { choose, type Shown } from "./mime";
import { Picture } from "./Picture";
import { tableHeight } from "./table";

export interface OutputUse {
  onFocus?(): void;
  onEscape?(): void;
}

/** One output of a cell. */
export const OutputView = memo(function OutputView({ output, ...use }: { output: Output } & OutputUse) {
  switch (output.kind) {
    case "stream":
      return <LongText text={textOf(output)} tone={output.name === "stderr" ? "stderr" : undefined} />;
    case "error":
      return <ErrorOutput ename={output.ename} evalue={output.evalue} traceback={output.traceback} />;
    case "display":
      return <Display output={output} {...use} />;
    case "unknown":
      return <JsonTree value={output.raw} />;
  }
});

function Display({ output, ...use }: { output: DisplayOutput } & OutputUse) {
  const shown = useMemo(() => choose(output.data), [output.data]);
  return shown ? <Content shown={shown} metadata={output.metadata} {...use} /> : null;
}

function Content({ shown, metadata, ...use }: { shown: Shown; metadata: JsonObject } & OutputUse) {
  switch (shown.as) {
    case "html":
      return <IsolatedFrame content={shown} guess={tableHeight(shown.html)} {...use} />;
    case "script":
      return <IsolatedFrame content={shown} {...use} />;
    case "markdown":
      return <MarkdownView source={shown.text} />;
    case "latex":
      return <Latex text={shown.text} />;
    case "svg":
      return <Picture mime="image/svg+xml" data={shown.svg} size={sizeIn(metadata, "image/svg+xml")} />;
    case "image": {
      const light = metadata.needs_background === "light";
      return (
        <Picture mime={shown.mime} data={shown.base64} size={sizeIn(metadata, shown.mime)} light={light} />
      );
    }
    case "json":
      return <JsonTree value={shown.value} />;
    case "text":
      return <LongText text={shown.text} />;
  }
}

/** The size a kernel asks for: under the type's own key, as IPython does, or at the top. */
function sizeIn(metadata: JsonObject, mime: string) {
  const own = metadata[mime];
  const { width, height } = isObject(own) ? own : metadata;
  return { width: pixels(width), height: pixels(height) };
}

const pixels = (value: unknown) =>
  typeof value === "number" && value > 0 && value < 10_000 ? value : undefined;
