import type { Clock } from "./clock.ts";

export type LogLevel = "info" | "warn" | "error";

/** Plain values only. Ids may stand here; names, e-mails, numbers of patients and request bodies may not. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined>
>;

/** Writes one JSON object a line. `event` is a fixed name, so that lines can be counted. */
export interface Logger {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `error` is described by its names, codes and stack; a driver's own message is not repeated. */
  error(event: string, error: unknown, fields?: LogFields): void;
}

export function createLogger(
  options: { readonly write: (line: string) => void; readonly clock: Clock },
): Logger {
  let lastMs = NaN;
  let lastAt = "";

  /** Lines of one millisecond have one text for it. */
  function at(ms: number): string {
    if (ms !== lastMs) lastAt = new Date(lastMs = ms).toISOString();
    return lastAt;
  }

  function log(level: LogLevel, event: string, fields: LogFields = {}): void {
    const head = `{"at":"${at(options.clock())}","level":"${level}","event":`;
    // Not one object: copying the fields into it costs as much as writing them.
    const rest = JSON.stringify(fields).slice(1);
    const comma = rest === "}" ? "" : ",";
    options.write(head + JSON.stringify(event) + comma + rest);
  }
  return {
    info: (event, fields) => log("info", event, fields),
    warn: (event, fields) => log("warn", event, fields),
    error: (event, error, fields) =>
      log("error", event, { ...fields, ...describeError(error) }),
  };
}

/** Errors of this program: their messages are fixed texts. */
const OWN_ERRORS = new Set(["AppError", "DatabaseError", "ConfigError"]);

/**
 * What a log may say of an error: its chain of names and codes, and where it came from.
 * The messages of foreign errors are left out: PostgreSQL's quote the values that they refuse.
 */
export function describeError(error: unknown): LogFields {
  const chain: string[] = [];
  let stack: string | undefined;
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const code = (at as { code?: unknown }).code;
    chain.push(typeof code === "string" ? `${at.name}(${code})` : at.name);
    stack = stackLines(at) ?? stack;
    at = at.cause;
  }
  if (chain.length === 0) chain.push(typeof error);
  const reason = error instanceof Error && OWN_ERRORS.has(error.name)
    ? error.message
    : undefined;
  return { error: chain.join(" < "), reason, stack };
}

function stackLines(error: Error): string | undefined {
  const lines = error.stack?.split("\n").filter((line) =>
    line.startsWith("    at ")
  );
  return lines?.slice(0, 6).map((line) => line.trim()).join(" | ");
}
