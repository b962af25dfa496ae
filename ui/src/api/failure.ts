import type { ApiError } from "./wire/ApiError";
import type { ErrorCode } from "./wire/ErrorCode";

/** `GATEWAY_GONE` is the window's own: no answer came at all. */
export type FailureCode = ErrorCode | "GATEWAY_GONE";

/** What the gateway suggests is meant for who writes a client. */
const WHOLE_LINK = "Open the whole link that Sandpit printed when it started: it carries the token.";

/** Why a call failed. Decide by `code`; `message` and `suggestion` are for people. */
export class ApiFailure extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly context: Record<string, unknown>;
  readonly suggestion?: string;

  constructor(
    code: FailureCode,
    message: string,
    rest: Partial<Pick<ApiError, "context" | "suggestion">> & { status?: number } = {},
  ) {
    super(message);
    this.name = "ApiFailure";
    this.code = code;
    this.status = rest.status ?? 0;
    this.context = rest.context ?? {};
    this.suggestion = rest.suggestion;
  }

  static fromBody(status: number, body: string): ApiFailure {
    const error = parsed(body);
    if (error?.code === "UNAUTHORIZED") error.suggestion = WHOLE_LINK;
    if (error) return new ApiFailure(error.code, error.message, { ...error, status });
    return new ApiFailure("INTERNAL_ERROR", `The gateway answered ${status} without saying why.`, { status });
  }

  /** Makes a failure of whatever was thrown. */
  static from(thrown: unknown): ApiFailure {
    if (thrown instanceof ApiFailure) return thrown;
    if (thrown instanceof TypeError) return gone();
    return new ApiFailure("INTERNAL_ERROR", thrown instanceof Error ? thrown.message : String(thrown));
  }
}

export const gone = () =>
  new ApiFailure("GATEWAY_GONE", "Sandpit's gateway does not answer.", {
    suggestion:
      "It is tried again by itself. If it stays away, start Sandpit again; sandboxes go on running.",
  });

function parsed(body: string): ApiError | undefined {
  try {
    const value = JSON.parse(body) as Partial<ApiError>;
    return typeof value?.code === "string" && typeof value.message === "string"
      ? (value as ApiError)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something thrown is an asked-for cancel, which is no failure. */
export const isAbort = (thrown: unknown) => thrown instanceof DOMException && thrown.name === "AbortError";
