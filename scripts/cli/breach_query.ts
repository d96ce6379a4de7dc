import { type BreachFilter, extentsOf } from "../../src/audit/breach_extent.ts";
import { readPeriod } from "../../src/audit/breach_period.ts";
import { networksOf } from "../../src/audit/networks.ts";
import { platformLine } from "../../src/audit/platform_line.ts";
import type { Runner } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { isUuid } from "../../src/kernel/ids.ts";
import { ArgumentError } from "./arguments.ts";
import { type ClinicExtent, csvOf, showExtents } from "./breach_report.ts";
import { inCentral, type OpenOperator } from "./platform_key_commands.ts";
import { say } from "./terminal.ts";

export interface QueryOptions {
  readonly clinic?: readonly string[];
  readonly from: string;
  readonly to?: string;
  readonly actor?: string;
  readonly session?: string;
  readonly address?: string;
  readonly csv?: string;
  readonly json: boolean;
}

interface TrailClinic {
  readonly id: string;
  readonly slug: string | null;
}

/** Whom a breach touched, clinic by clinic. That somebody asked stands on the trail of each clinic that is shown. */
export async function queryBreach(
  options: QueryOptions,
  operator: OpenOperator,
): Promise<void> {
  const filter = readFilter(options, Date.now());
  await inCentral(operator, async (central) => {
    const found = await central.transaction(
      "read write",
      (run) => readExtents(run, options.clinic, filter),
    );
    if (options.csv !== undefined) await writeNew(options.csv, csvOf(found));
    if (options.json) {
      const clinics = found.map(({ extent, ...named }) => ({
        ...named,
        ...extent,
        listExtent: extent.listed === 0 ? "none" : "unknown",
      }));
      return say(JSON.stringify({ ...filter, clinics }, null, 2));
    }
    showExtents(filter, found);
    if (options.csv !== undefined) say(`Written to ${options.csv}`);
  });
}

async function readExtents(
  run: Runner,
  slugs: readonly string[] | undefined,
  filter: BreachFilter,
): Promise<ClinicExtent[]> {
  const clinics = await clinicsNamed(run, slugs);
  const extents = await extentsOf(run, clinics.map(({ id }) => id), filter);
  const found = clinics.map(({ id, slug }) => ({
    clinic: slug ?? id,
    clinicId: id,
    extent: extents.get(id)!,
  })).filter(({ extent }) =>
    slugs !== undefined || extent.lines > 0 || extent.refused > 0
  );
  for (const { clinicId } of found) {
    await run.rows(
      platformLine(undefined, {}, { action: "breach.query", clinicId }),
    );
  }
  return found;
}

/** By name; all that have a trail unless told. @throws {ArgumentError} when one is not there */
async function clinicsNamed(
  run: Runner,
  slugs: readonly string[] | undefined,
): Promise<TrailClinic[]> {
  const clinics = await run.rows<TrailClinic>(sql`
    select id, slug from clinics
    where ${slugs ?? null}::text[] is null or slug = any (${
    slugs ?? null
  }::text[])
    union all
    select clinic_id, null from audit_heads
    where ${slugs ?? null}::text[] is null
      and clinic_id <> '00000000-0000-0000-0000-000000000000'
      and clinic_id not in (select id from clinics)
    order by slug, id`);
  const missing = slugs?.find((slug) =>
    !clinics.some((clinic) => clinic.slug === slug)
  );
  if (missing === undefined) return clinics;
  throw new ArgumentError(
    `There is no clinic ${JSON.stringify(missing.slice(0, 100))}`,
  );
}

/** @throws {ArgumentError} that names the option */
function readFilter(options: QueryOptions, now: number): BreachFilter {
  const { from, to, actor, session, address } = options;
  const period = readPeriod({ from, to }, now);
  if ("member" in period) {
    throw new ArgumentError(`--${period.member} ${period.detail}`);
  }
  for (const [name, value] of Object.entries({ actor, session })) {
    if (value !== undefined && !isUuid(value)) {
      throw new ArgumentError(`--${name} must be a UUID`);
    }
  }
  const networks = address === undefined ? undefined : networksOf(address);
  if (address !== undefined && networks === undefined) {
    throw new ArgumentError(
      "--address must be an address or a network, such as 192.0.2.0/24",
    );
  }
  return { ...period, actorId: actor, sessionId: session, networks };
}

/** Readable by whoever asked, and never over a file that is there. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(file, text, { mode: 0o600, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new ArgumentError(`${file} is there already: choose another name`);
    }
    if (error instanceof Deno.errors.NotFound) {
      throw new ArgumentError(`There is no folder for ${file}`);
    }
    throw error;
  }
}
