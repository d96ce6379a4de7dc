import type { Context } from "hono";
import type { WriteTx } from "../tenancy/clinic_db.ts";
import type { ClinicEnv } from "./env.ts";
import { code } from "./second_factor_schemas.ts";
import { verbatim } from "./text.ts";

/** Members of a body that asks for what a stolen token alone must not do. */
export const reauthentication = {
  currentPassword: verbatim(1024).openapi({
    format: "password",
    description: "The password of the account that asks",
    example: "correct horse battery staple",
  }),
  code: code.optional().openapi({
    description:
      "A code of the authenticator app, or a recovery code: needed when the account has two-factor authentication",
  }),
};

export interface Reauthentication {
  readonly currentPassword: string;
  readonly code?: string | undefined;
}

/** Uses the code up, together with the change that it was sent for. */
export type UseUp = (tx: WriteTx) => Promise<void>;

/**
 * Asks who is logged in to show again that they are themselves: by the account's password, and a code if it has
 * two-factor authentication. What is wrong counts like a failed log-in, and is on the trail.
 * @throws {AppError} `invalid-request` for the member that is wrong or missing
 */
export type Reauthenticate = (
  c: Context<ClinicEnv>,
  given: Reauthentication,
) => Promise<UseUp>;
