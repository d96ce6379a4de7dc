const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
/** Of later versions the first four fields are known; more may follow behind another dash. */
const LATER =
  /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ZEROS = /^0+$/;

/**
 * The trace that a request belongs to: the one that `traceparent` names, or a new one when it is absent or malformed
 * (W3C Trace Context, Recommendation of 23 November 2021, section 3.2.2.5). 32 hexadecimal digits.
 */
export function traceIdOf(traceparent: string | undefined): string {
  if (traceparent === undefined) return newTraceId();
  const match = traceparent.startsWith("00-")
    ? VERSION_00.exec(traceparent)
    : LATER.exec(traceparent);
  const [, traceId = "", parentId = ""] = match ?? [];
  if (!match || ZEROS.test(traceId) || ZEROS.test(parentId)) {
    return newTraceId();
  }
  return traceId;
}

/** 122 random bits: the six others of a UUID are fixed. */
function newTraceId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
