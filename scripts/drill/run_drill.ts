import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { ask, type LoggedIn, logIn } from "./api_client.ts";
import { type ClinicArtefacts, readArtefacts } from "./artefacts.ts";
import { readOperations } from "./document.ts";
import type { BrokenClinic, Drill, Scenario } from "./drill.ts";
import { findEntities } from "./entities.ts";
import { inParallel } from "./pairs.ts";
import { Row, type RowReport } from "./row.ts";
import { accessToken } from "./rows/access_token.ts";
import { backupFile } from "./rows/backup_file.ts";
import { cellProcess } from "./rows/cell_process.ts";
import { centralDump } from "./rows/central_dump.ts";
import { clinicDump } from "./rows/clinic_dump.ts";
import { databasePassword } from "./rows/database_password.ts";
import { matrix } from "./rows/matrix.ts";
import { platformToken } from "./rows/platform_token.ts";
import { poolerCredential } from "./rows/pooler_credential.ts";
import { signingKey } from "./rows/signing_key.ts";
import { sqlInjection } from "./rows/sql_injection.ts";
import type { DrillTarget, KnownAccount } from "./target.ts";
import { makeThrowaways, removeThrowaways } from "./throwaway.ts";

/** The rows of the leak table, in its order. */
export const SCENARIOS: readonly Scenario[] = [
  clinicDump,
  centralDump,
  databasePassword,
  sqlInjection,
  accessToken,
  signingKey,
  platformToken,
  poolerCredential,
  backupFile,
  cellProcess,
  matrix,
];

export interface DrillOptions {
  /** How many clinics play; clinics of the drill's own are added to those that are there. */
  readonly clinics: number | "all";
  /** Called when something begins. */
  readonly onProgress?: (what: string) => void;
}

export interface DrillOutcome {
  readonly rows: readonly RowReport[];
  readonly clinics: {
    readonly played: number;
    readonly throwaway: number;
    readonly loggedIn: number;
    readonly unreadable: number;
  };
}

/** Two of them: what has to be written is written there, and never in a clinic that is somebody's. */
const LEAST_THROWAWAYS = 2;
const WIDTH = 4;
const NIRS = ["295109912611193", "253072B07300470"];

/** Plays every row of the leak table on a running stack. What it makes there, it removes. */
export async function runDrill(
  target: DrillTarget,
  { clinics, onProgress = () => {} }: DrillOptions,
): Promise<DrillOutcome> {
  await removeThrowaways(target.worker);
  const existing = await findClinics(target);
  const kept = clinics === "all"
    ? existing
    : existing.slice(0, Math.max(clinics - LEAST_THROWAWAYS, 0));
  const count = clinics === "all"
    ? LEAST_THROWAWAYS
    : Math.max(clinics - kept.length, LEAST_THROWAWAYS);
  await using throwaways = await makeThrowaways(
    target,
    count,
    (made) => onProgress(`making clinics of its own (${made} of ${count})`),
  );
  await addPatients(target, throwaways.accounts);
  const accounts = [...target.accounts, ...throwaways.accounts];
  const own = (await findClinics(target))
    .filter(({ slug }) => throwaways.accounts.some((a) => a.clinic === slug));
  onProgress("collecting what could leak");
  const drill = await collect(target, [...kept, ...own], accounts);
  const rows = await playAll(drill, onProgress);
  await logOut(target, drill.loggedIn);
  return {
    rows,
    clinics: {
      played: drill.clinics.length,
      throwaway: count,
      loggedIn: drill.loggedIn.length,
      unreadable: drill.broken.length,
    },
  };
}

/** One after the other, but for the one that waits for processes to start. */
async function playAll(
  drill: Drill,
  onProgress: (what: string) => void,
): Promise<RowReport[]> {
  const played = new Map<Scenario, RowReport>();
  const lanes = [
    [cellProcess],
    SCENARIOS.filter((scenario) => scenario !== cellProcess),
  ];
  await Promise.all(lanes.map(async (lane) => {
    for (const scenario of lane) {
      onProgress(scenario.leaked);
      played.set(scenario, await play(scenario, drill));
    }
  }));
  return SCENARIOS.map((scenario) => played.get(scenario)!);
}

async function play(scenario: Scenario, drill: Drill): Promise<RowReport> {
  const row = new Row();
  const started = performance.now();
  try {
    await scenario.play(drill, row);
  } catch (error) {
    row.control(false, `the drill itself: ${(error as Error).message}`);
  }
  return row.finish(scenario, performance.now() - started);
}

interface FoundClinic {
  readonly id: string;
  readonly slug: string;
}

function findClinics({ worker, cell }: DrillTarget): Promise<FoundClinic[]> {
  return withDatabase(
    worker,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<FoundClinic>(sql`
      select clinics.id, clinics.slug from clinics
      join cells on cells.id = clinics.cell_id
      where cells.name = ${cell} and clinics.state = 'active'
      order by clinics.id`),
  );
}

async function addPatients(
  { api }: DrillTarget,
  accounts: readonly KnownAccount[],
): Promise<void> {
  await inParallel(accounts, WIDTH, async (account) => {
    const token = await logIn(api, account);
    for (const [index, nir] of NIRS.entries()) {
      const { status, body } = await ask(api, "/v1/patients", {
        method: "POST",
        token: token.access,
        body: {
          profileStatus: "complete",
          givenNames: "Drill",
          familyName: `Patient ${"AB"[index]}`,
          birthDate: "1980-01-01",
          nir,
        },
      });
      if (status !== 201) {
        throw new Error(`Cannot add a patient: ${status} ${body.detail}`);
      }
    }
  });
}

async function collect(
  target: DrillTarget,
  found: readonly FoundClinic[],
  accounts: readonly KnownAccount[],
): Promise<Drill> {
  const { api } = target;
  const operations = await readOperations(api);
  const clinics: ClinicArtefacts[] = [];
  const broken: BrokenClinic[] = [];
  const loggedIn: LoggedIn[] = [];
  await withDatabase(target.worker, CENTRAL_DATABASE, async (central) => {
    await inParallel(found, WIDTH, async ({ id, slug }) => {
      const account = accounts.find(({ clinic }) => clinic === slug);
      const artefacts = await readArtefacts(target, central, id, account);
      if ("unreadable" in artefacts) {
        broken.push(artefacts);
        return;
      }
      clinics.push(artefacts);
      if (!account) return;
      const tokens = await logIn(api, account);
      const entities = await findEntities(api, operations, tokens.access);
      loggedIn.push({ ...artefacts, account, tokens, entities });
    });
  });
  for (const some of [clinics, loggedIn]) {
    some.sort((a, b) => a.clinic.id < b.clinic.id ? -1 : 1);
  }
  return { target, clinics, broken, loggedIn, operations };
}

async function logOut(
  { api }: DrillTarget,
  people: readonly LoggedIn[],
): Promise<void> {
  for (const { tokens: { refresh } } of people) {
    if (refresh === undefined) continue;
    const body = { refreshToken: refresh };
    await ask(api, "/v1/auth/logout", { method: "POST", body });
  }
}
