import type { Runner } from "../db/connection.ts";
import { type Sql, sql } from "../db/sql.ts";
import {
  type DataAccess,
  type DataCategory,
  LINE_MEANINGS,
  PATIENT_CATEGORIES,
} from "./line_meanings.ts";

/** Which lines a breach is about. */
export interface BreachFilter {
  /** RFC 3339; lines of this instant are among them. */
  readonly from: string;
  /** RFC 3339; lines of this instant are not. */
  readonly to: string;
  readonly actorId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** As `networksOf` gives them. */
  readonly networks?: readonly string[] | undefined;
}

/** Lines, and when the first and the last of them were. */
export interface LineCount {
  readonly lines: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
}

export interface AccessCount extends LineCount {
  readonly access: DataAccess;
  readonly persons: number;
}

export interface CategoryCount extends LineCount {
  readonly category: DataCategory;
  readonly persons: number;
  readonly read: number;
  readonly changed: number;
  readonly exported: number;
  /** Of the lines, those that name no patient though they showed some. */
  readonly unnamed: number;
}

export interface ListCount extends LineCount {
  readonly action: string;
}

export interface TouchedPatient extends LineCount {
  readonly patientId: string;
  readonly categories: readonly DataCategory[];
  readonly read: number;
  readonly changed: number;
  readonly exported: number;
}

/** Whom a breach touched in one clinic, as far as the trail names them. */
export interface BreachExtent extends LineCount {
  /** Patients whom lines name. */
  readonly persons: number;
  /** Requests that were refused; they are no access. */
  readonly refused: number;
  /** Of the lines, those that showed a list: the trail does not say of whom. */
  readonly listed: number;
  readonly accesses: readonly AccessCount[];
  readonly categories: readonly CategoryCount[];
  readonly lists: readonly ListCount[];
  /** By id. */
  readonly patients: readonly TouchedPatient[];
}

/** A row of `breach_extent`. */
export interface ExtentRow {
  readonly part:
    | "total"
    | "refused"
    | "access"
    | "category"
    | "list"
    | "person";
  readonly name: string | null;
  readonly patient_id: string | null;
  readonly categories: readonly DataCategory[];
  readonly persons: string;
  readonly lines: string;
  readonly read: string;
  readonly changed: string;
  readonly exported: string;
  readonly unnamed: string;
  readonly first_at: string | null;
  readonly last_at: string | null;
}

const PATIENTS: ReadonlySet<DataCategory> = new Set(PATIENT_CATEGORIES);

const MEANINGS = Object.entries(LINE_MEANINGS).map(([action, meaning]) => ({
  action,
  access: meaning.access,
  categories: meaning.categories,
  patients: meaning.categories.some((each) => PATIENTS.has(each)),
  others: meaning.othersToo ?? false,
}));

/** What `breach_extent` and `read_breach` are called with, behind the clinic. */
export function extentArguments(
  { from, to, actorId, sessionId, networks }: BreachFilter,
  behind: string | undefined,
  most: number | undefined,
): Sql {
  return sql`${from}, ${to}, ${actorId ?? null}, ${sessionId ?? null},
    ${networks ?? null}::inet[], ${{ all: MEANINGS }}::jsonb -> 'all',
    ${behind ?? null}, ${most ?? null}::integer`;
}

/** Of several clinics at once, with every patient: for the operator's login, which may read all of the trail. */
export async function extentsOf(
  run: Pick<Runner, "rows">,
  clinicIds: readonly string[],
  filter: BreachFilter,
): Promise<Map<string, BreachExtent>> {
  const rows = await run.rows<ExtentRow & { readonly clinic_id: string }>(sql`
    select clinic.id as clinic_id, extent.*
    from unnest(${clinicIds}::uuid[]) as clinic (id) cross join lateral
      breach_extent(clinic.id, ${
    extentArguments(filter, undefined, undefined)
  }) as extent`);
  const byClinic = Map.groupBy(rows, ({ clinic_id }) => clinic_id);
  return new Map(
    [...byClinic].map(([id, extent]) => [id, toExtent(extent)]),
  );
}

/** The rows of one clinic. */
export function toExtent(rows: readonly ExtentRow[]): BreachExtent {
  const of = (part: ExtentRow["part"]) =>
    rows.filter((row) => row.part === part);
  const [total] = of("total");
  const [refused] = of("refused");
  return {
    ...(total ? countOf(total) : { lines: 0, firstAt: null, lastAt: null }),
    persons: Number(total?.persons ?? 0),
    refused: Number(refused?.lines ?? 0),
    listed: Number(total?.unnamed ?? 0),
    accesses: of("access").map((row) => ({
      access: row.name as DataAccess,
      persons: Number(row.persons),
      ...countOf(row),
    })).sort(byText(({ access }) => access)),
    categories: of("category").map((row) => ({
      category: row.name as DataCategory,
      persons: Number(row.persons),
      ...kindsOf(row),
      unnamed: Number(row.unnamed),
      ...countOf(row),
    })).sort(byText(({ category }) => category)),
    lists: of("list").map((row) => ({ action: row.name!, ...countOf(row) }))
      .sort(byText(({ action }) => action)),
    patients: of("person").map((row) => ({
      patientId: row.patient_id!,
      categories: row.categories,
      ...kindsOf(row),
      ...countOf(row),
    })).sort(byText(({ patientId }) => patientId)),
  };
}

function countOf({ lines, first_at, last_at }: ExtentRow): LineCount {
  return { lines: Number(lines), firstAt: first_at, lastAt: last_at };
}

function kindsOf({ read, changed, exported }: ExtentRow) {
  return {
    read: Number(read),
    changed: Number(changed),
    exported: Number(exported),
  };
}

function byText<T>(of: (item: T) => string): (one: T, other: T) => number {
  return (one, other) => of(one) < of(other) ? -1 : 1;
}
