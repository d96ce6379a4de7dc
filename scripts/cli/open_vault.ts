import type { ClinicVault } from "../../src/crypto/clinic_vault.ts";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import type { ClinicId } from "../../src/kernel/ids.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { readRegistered } from "../../src/tenancy/provisioning/register.ts";
import type { ClinicRow } from "./clinic_rows.ts";
import type { Operator } from "./operator.ts";

/** What opens the sealed values of a clinic, with the keys of its cell. @throws {SealError} when these are others */
export async function openVault(
  { login, keys }: Operator,
  { id }: Pick<ClinicRow, "id">,
): Promise<ClinicVault> {
  const { vault } = await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) =>
      readRegistered(
        central,
        id as ClinicId,
        new LocalKeyProvider(keys),
        login,
      ),
  );
  return vault;
}
