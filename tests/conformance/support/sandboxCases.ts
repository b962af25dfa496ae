/** Cases of the client's `Sandbox`, the class that users of Workers see, over each transport. */
import type { ExecutionSession, Sandbox } from "@cloudflare/sandbox";
import { cases, type Trial } from "./cases.ts";
import { sandboxOf } from "./durable.ts";

export interface SandboxTrial extends Trial {
  box: Sandbox;
  /** A session of this case's own. */
  session: ExecutionSession;
}

export const sandboxDeclared = new Set<string>();

export function sandboxCases(method: string, sentences: Record<string, (trial: SandboxTrial) => Promise<void>>): void {
  sandboxDeclared.add(method);
  const run = (use: (trial: SandboxTrial) => Promise<void>) => async (trial: Trial) => {
    const box = sandboxOf(trial.gateway, trial.sandbox, { transport: trial.transport });
    const session = await box.createSession({ id: `${trial.name}-session`, cwd: trial.folder });
    await use({ ...trial, box, session });
  };
  cases(`Sandbox.${method}`, Object.fromEntries(Object.entries(sentences).map(([says, use]) => [says, run(use)])));
}
