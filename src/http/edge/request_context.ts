import type { Context } from "hono";
import { getConnInfo } from "hono/deno";
import type { ClientAddresses } from "./client_address.ts";
import type { PublicEnv } from "../env.ts";
import { traceIdOf } from "./trace_context.ts";

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

export interface RequestContextOptions {
  readonly newId: () => string;
  readonly addresses: ClientAddresses;
}

/** Gives a request an id (kept if the client's is well-formed), a trace and the address that it comes from. */
export function openRequest(
  c: Context<PublicEnv>,
  { newId, addresses }: RequestContextOptions,
): void {
  const given = c.req.header("x-request-id");
  const requestId = given !== undefined && REQUEST_ID.test(given)
    ? given
    : newId();
  const forwardedFor = c.req.header("x-forwarded-for");
  const address = addresses.of(peerOf(c), forwardedFor);
  c.set("origin", { requestId, address });
  c.set("traceId", traceIdOf(c.req.header("traceparent")));
}

function peerOf(c: Context): string | null {
  try {
    return getConnInfo(c).remote.address ?? null;
  } catch {
    return null; // called without a connection, as generators do
  }
}
