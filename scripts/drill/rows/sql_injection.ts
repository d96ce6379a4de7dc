import { Connection } from "../../../src/db/connection.ts";
import { sql } from "../../../src/db/sql.ts";
import { type Attack, attacks } from "../attacks.ts";
import type { Drill, Scenario } from "../drill.ts";
import { inParallel, others } from "../pairs.ts";
import type { Row } from "../row.ts";
import { runAttack } from "../run_attack.ts";

/** Somebody gets a statement of their own into a handler. */
export const sqlInjection: Scenario = {
  id: "sql-injection",
  leaked: "SQL injected into a handler",
  expected: "that clinic, without DDL",
  how:
    "Statements of an attacker inside a handler's connection: becoming other roles, reading other databases, files and programs of the machine, changing the schema, the server, the audit trail. Each must fail for the right reason.",
  play: async (drill, row) => {
    await inParallel(
      drill.clinics.keys(),
      2,
      (index) => playOne(drill, row, index),
    );
    row.opens("that clinic, without DDL");
  },
};

async function playOne(
  { target, clinics }: Drill,
  row: Row,
  index: number,
): Promise<void> {
  const { clinic } = clinics[index]!;
  const rest = others(clinics, index).map((other) => other.clinic.target.user);
  const own = clinic.target.user;
  const [first = "cloison_clinic_none"] = rest;
  const { host, port, tlsCa } = target.postgres;
  const handler = await Connection.open(clinic.target);
  const session = await Connection.open({
    ...clinic.target,
    host,
    port,
    tlsCa,
  });
  try {
    const patients = await handler.rows(sql`select from patients limit 1`);
    row.control(patients.length >= 0, `a statement in ${clinic.slug}`);
    const list: Attack[] = [...attacks({ own, other: first })];
    for (const other of rest.slice(1)) {
      list.push({
        name: `become ${other}`,
        sql: `set role ${other}`,
        codes: ["42501"],
      });
    }
    for (const attack of list) {
      const connection = attack.alone ? session : handler;
      const outcome = await runAttack(connection, attack);
      row.attempt(outcome && `${clinic.slug}: ${attack.name}: ${outcome}`);
    }
  } finally {
    await Promise.all([handler.close(), session.close()]);
  }
}
