import type { Context, ErrorHandler } from "hono";
import { SealError } from "../crypto/errors.ts";
import type { AppError } from "../kernel/errors.ts";
import { describeError, type Logger } from "../kernel/log.ts";
import type { ClinicEnv, PublicEnv } from "./env.ts";
import { problemResponse, PROBLEMS, toAppError } from "./problem.ts";

/**
 * Turns whatever was thrown into a problem. Headers that a handler had set before it failed (an ETag, a cache life) are of
 * the answer that it did not give, and are not kept; the middleware around sets its own afterwards.
 * @param onFailure sees every failure, before it is answered; must return at once and not throw
 */
export function failures(
  log: Logger,
  onFailure: (c: Context<PublicEnv>, failure: AppError) => void = nothing,
): ErrorHandler<PublicEnv> {
  return (error, c) => {
    const failure = toAppError(error);
    const { requestId } = c.var.origin;
    noteFailure(log, failure, c);
    onFailure(c, failure);
    return replaceResponse(
      c,
      problemResponse(failure, {
        requestId,
        method: c.req.method,
        allow: c.var.allow,
        hadToken: c.req.header("authorization") !== undefined,
      }),
    );
  };
}

/** What the client got wrong is no error of ours: whoever sends nonsense must not fill the log with stacks. */
function noteFailure(
  log: Logger,
  failure: AppError,
  c: Context<PublicEnv>,
): void {
  const { code, cause } = failure;
  const { requestId } = c.var.origin;
  if (cause === undefined && code !== "internal-error") return;
  if (PROBLEMS[code].status >= 500) {
    const alert = alertOf(c, cause);
    log.error("request.failed", cause ?? failure, {
      requestId,
      code,
      ...alert,
    });
  } else {
    const { error, reason } = describeError(cause);
    log.warn("request.refused", { requestId, code, error, reason });
  }
}

/** A sealed value that does not open was altered or moved, or a key is wrong: somebody must look at it now. */
function alertOf(c: Context<PublicEnv>, cause: unknown): object {
  if (!(cause instanceof SealError)) return {};
  const { clinicInfo } = (c as unknown as Context<ClinicEnv>).var;
  return {
    alert: true,
    ...(clinicInfo === undefined ? {} : { clinicId: clinicInfo.id }),
  };
}

/** Hono merges the headers of the response that was there into the one that replaces it: this leaves none to merge. */
export function replaceResponse(c: Context, response: Response): Response {
  c.res = undefined;
  return response;
}

function nothing(): void {}
