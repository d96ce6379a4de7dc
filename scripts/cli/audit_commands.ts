import type { Command } from "commander";
import { PLATFORM_CHAIN } from "../../src/audit/chain.ts";
import { chainAllLines } from "../../src/audit/chainer.ts";
import {
  AUDIT_SIGNER,
  newSigningKey,
  NoteSigner,
} from "../../src/audit/signed_note.ts";
import { type ChainReport, verifyChains } from "../../src/audit/verify.ts";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { ArgumentError } from "./arguments.ts";
import { examples } from "./help.ts";
import type { Operator } from "./operator.ts";
import { openProgress } from "./progress.ts";
import { readSignedNotes, type SignedNotes } from "./signed_notes.ts";
import { say } from "./terminal.ts";

const HELP = `
Every line of the trail is looked at again: each clinic has a chain of its own, and what belongs to no clinic is in the
chain of the platform. Where retention has removed the first lines of a chain, it is looked at from there, and that is
said. Without --checkpoints, a tail that was cut off, a chain that was made anew, or lines that somebody has removed in
the name of retention cannot be seen.

  changed    the line is not what was chained: edited, swapped with another, put in
  deleted    the line, or its place, is gone
  cut        the end of the chain is gone
  rewritten  the chain holds together and is another than the one that was signed
  inserted   the line is in no chain, though later ones are
  unvouched  the first lines are gone, and no note says that retention has removed them

Exit codes:
  0  nothing is wrong
  1  something is, or could not be read
  2  what was typed is wrong

Examples:
  cloison audit verify --checkpoints /var/log/cloison/audit --key-file audit.pub
  cloison audit verify --clinic lyon --json`;

const KEY_HELP =
  `Keep the printed line where the database's operators cannot change it: it is the file of --key-file.

Examples:
  cloison audit new-key audit.pem > audit.pub`;

interface VerifyOptions {
  readonly clinic?: string;
  readonly checkpoints?: string;
  readonly keyFile?: string;
  readonly json: boolean;
}

interface NamedReport extends ChainReport {
  readonly name: string;
}

/** `cloison audit verify|new-key` */
export function addAuditCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  const audit = program.command("audit").description("Look after the trail")
    .addHelpText(
      "after",
      examples(
        "cloison audit verify",
        "cloison audit new-key audit.pem > audit.pub",
      ),
    );
  audit.command("verify")
    .description("Find what was changed in the trail, cut off or put in")
    .option("--clinic <slug>", "only this clinic's chain")
    .option("--checkpoints <folder>", "where the signed notes are kept")
    .option("--key-file <file>", "the public key that they are verified with")
    .option("--json", "print JSON", false)
    .addHelpText("after", HELP)
    .action((options: VerifyOptions) => verify(options, operator));
  audit.command("new-key")
    .description("Make a key that the worker signs with where chains end")
    .argument("<file>", "where to put it; the public key is printed")
    .addHelpText("after", KEY_HELP)
    .action(newKey);
}

/** Never over a key that is there: notes that it has signed would verify no more. */
async function newKey(file: string): Promise<void> {
  const key = newSigningKey();
  try {
    await Deno.writeTextFile(file, key, { mode: 0o600, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new ArgumentError(`${file} is there already: choose another name`);
    }
    throw error;
  }
  say(new NoteSigner(AUDIT_SIGNER, key).verifierKey);
}

async function verify(
  options: VerifyOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  const notes = await readSignedNotes(options.checkpoints, options.keyFile);
  const { login } = await operator();
  const reports = await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) => verifyAll(central, options, notes),
  );
  const bad = reports.filter(({ tampering }) => tampering !== undefined);
  if (options.json) say(JSON.stringify(reports, null, 2));
  else show(reports, bad, notes.checkpoints.length + notes.floors.length);
  if (bad.length === 0) return;
  throw new Error(
    `The trail was tampered with in ${bad.length} of ${reports.length} chains: ${
      bad.map(({ name }) => name).join(", ")
    }`,
  );
}

async function verifyAll(
  central: Connection,
  { clinic, json }: VerifyOptions,
  notes: SignedNotes,
): Promise<NamedReport[]> {
  const names = await namesOf(central);
  const chain = clinic === undefined ? undefined : chainNamed(names, clinic);
  await chainAllLines(central);
  const [total] = await central.rows<{ lines: number }>(sql`
    select coalesce(sum(seq - coalesce((select max(floor.seq) from audit_floors as floor
      where floor.clinic_id = audit_heads.clinic_id), 0)), 0)::integer as lines
    from audit_heads
    where ${chain ?? null}::uuid is null or clinic_id = ${chain ?? null}`);
  const progress = openProgress({ quiet: json || !Deno.stderr.isTerminal() });
  try {
    const reports: NamedReport[] = [];
    const verified = verifyChains(central, {
      chain,
      ...notes,
      onProgress: (done) =>
        progress.step({ done, failed: 0, total: total!.lines, line: "" }),
    });
    for await (const report of verified) {
      const name = names.get(report.chain) ?? report.chain;
      reports.push({ name, ...report });
    }
    return reports;
  } finally {
    progress.end();
  }
}

/** @throws {ArgumentError} when there is no such clinic */
function chainNamed(
  names: ReadonlyMap<string, string>,
  slug: string,
): string {
  for (const [chain, name] of names) if (name === slug) return chain;
  throw new ArgumentError(
    `There is no clinic ${JSON.stringify(slug.slice(0, 100))}`,
  );
}

async function namesOf(central: Connection): Promise<Map<string, string>> {
  const rows = await central.rows<{ id: string; slug: string }>(
    sql`select id, slug from clinics`,
  );
  return new Map([
    [PLATFORM_CHAIN, "(platform)"],
    ...rows.map(({ id, slug }): [string, string] => [id, slug]),
  ]);
}

function show(
  reports: readonly NamedReport[],
  bad: readonly NamedReport[],
  notes: number,
): void {
  for (const { name, removed } of reports) {
    if (!removed) continue;
    say(
      `${name}: lines up to ${removed.seq} were removed by retention on ${
        removed.at.slice(0, 10)
      }`,
    );
  }
  for (const { name, tampering } of bad) {
    const { kind, seq, until, lineId } = tampering!;
    const place = seq === null
      ? "outside the chain"
      : until === undefined
      ? `at ${seq}`
      : `between ${seq} and ${until}`;
    say(`${name}: ${kind} ${place}${lineId ? ` (line ${lineId})` : ""}`);
  }
  const lines = reports.reduce((sum, report) => sum + report.lines, 0);
  say(
    `Looked at ${lines} lines of ${reports.length} chains, with ${notes} signed notes`,
  );
}
