import * as v from "valibot";
import { KeyProviderError, SealError } from "../../crypto/errors.ts";
import {
  type KeyProvider,
  probeKeyProvider,
} from "../../crypto/key_provider.ts";
import {
  openSecret,
  type SealedSecret,
  sealSecret,
} from "../../crypto/seal.ts";
import { type Sql, sql } from "../../db/sql.ts";
import { cellKeyVariable, vaultKeyVariable } from "../../config/config.ts";
import { VaultTransitKeyProvider } from "../../crypto/vault_transit.ts";
import type { CentralReader } from "./clinic_registry.ts";

/** Whatever runs statements in the central database. */
interface CentralRunner {
  rows<Row>(statement: Sql): Promise<Row[]>;
}

const Bytes = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => Uint8Array.fromBase64(text)),
);

const CellRow = v.object({
  id: v.pipe(v.string(), v.uuid()),
  probe: v.nullable(v.object({ key_id: v.string(), sealed: Bytes })),
});

type CellRow = v.InferOutput<typeof CellRow>;

/** A cell's probe stands in the place of a clinic that has the cell's id; no clinic has that purpose. */
const PURPOSE = "cell-probe";
const CONTENT = new TextEncoder().encode("cloison/cell-probe/v1");

/**
 * To be called at start, before anybody is served: throws unless each of these key providers works and opens the probe
 * of its cell. A cell that has no probe yet has no clinic either.
 * @throws {Error} one line that names the cell and the variable
 */
export async function verifyCellKeys(
  central: CentralReader,
  cellKeys: ReadonlyMap<string, KeyProvider>,
): Promise<void> {
  for (const [cell, keys] of cellKeys) {
    const [row] = await central.read<unknown>(findCell(cell));
    if (!row) {
      throw new Error(`Cannot serve cell ${cell}: it is not registered`);
    }
    try {
      await probeKeyProvider(keys);
      await openProbe(v.parse(CellRow, row), keys);
    } catch (error) {
      throw refusal(cell, keys, error);
    }
  }
}

/**
 * Leaves a probe in a cell that has none.
 * @throws {Error} when the cell has one that these keys do not open: nothing may be sealed for it with them
 */
export async function ensureCellProbe(
  central: CentralRunner,
  cell: string,
  keys: KeyProvider,
): Promise<void> {
  const [found] = await central.rows<unknown>(findCell(cell));
  if (!found) throw new Error(`Cannot use cell ${cell}: it is not registered`);
  const row = v.parse(CellRow, found);
  try {
    await openProbe(row, keys);
  } catch (error) {
    throw refusal(cell, keys, error);
  }
  if (row.probe) return;
  const probe = await sealSecret(keys, placeOf(row.id), CONTENT);
  await central.rows(sql`
    update cells set probe_key_id = ${probe.keyId}, probe_sealed = ${probe.sealed}
    where id = ${row.id} and probe_sealed is null`);
}

/** Where the probe of a cell is sealed to. */
export function placeOf(cellId: string): { clinicId: string; purpose: string } {
  return { clinicId: cellId, purpose: PURPOSE };
}

async function openProbe(
  { id, probe }: CellRow,
  keys: KeyProvider,
): Promise<void> {
  if (!probe) return;
  const stored: SealedSecret = { keyId: probe.key_id, sealed: probe.sealed };
  await openSecret(keys, placeOf(id), stored);
}

function findCell(name: string): Sql {
  return sql`select id, case when probe_sealed is not null then
      jsonb_build_object('key_id', probe_key_id,
        'sealed', replace(encode(probe_sealed, 'base64'), e'\n', ''))
    end as probe
    from cells where name = ${name}`;
}

function refusal(cell: string, keys: KeyProvider, error: unknown): unknown {
  const variable = keys instanceof VaultTransitKeyProvider
    ? vaultKeyVariable(cell)
    : cellKeyVariable(cell);
  if (error instanceof SealError) {
    return new Error(
      `Cannot serve cell ${cell}: ${variable} does not hold the key that its clinics were sealed with`,
      { cause: error },
    );
  }
  if (error instanceof KeyProviderError) {
    return new Error(`Cannot serve cell ${cell}: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}
