import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { chainAllLines } from "../../src/audit/chainer.ts";
import { relayOutbox } from "../../src/audit/outbox_relay.ts";
import {
  addTrailMonths,
  cutTrail,
  dueLines,
} from "../../src/audit/trail_months.ts";
import { openFloors } from "../../src/audit/floors.ts";
import {
  newSigningKey,
  NoteSigner,
  NoteVerifier,
} from "../../src/audit/signed_note.ts";
import { sql } from "../../src/db/sql.ts";
import { createLogger } from "../../src/kernel/log.ts";
import { doChores } from "../../src/tenancy/operations/chores.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { CENTRAL_DATABASE } from "../../src/tenancy/provisioning/admin.ts";
import { testStack, workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";
import {
  asRole,
  inCentral,
  linesOf,
  type Servers,
  tamper,
  verify,
} from "./trail.ts";

/** Chains of clinics that have nothing else. */
const world: Servers = {
  get stack() {
    return testStack();
  },
};

const AT = "2026-01-02T03:04:05Z";
/** Whatever is older is due. */
const KEEP = 12;

/** Lines of one clinic, each at its instant, in the order of its chain. */
async function addLines(
  world: Servers,
  clinicId: string,
  instants: readonly string[],
): Promise<void> {
  for (const at of instants) {
    await asRole(world, "cloison_api", CENTRAL_DATABASE, (api) =>
      api.rows(sql`
        insert into audit_log (id, at, clinic_id, action, entity, outcome)
        values (${uuidv7()}, ${at}, ${clinicId}, 'patient.view', 'patient', 'success')`));
  }
  await inCentral(world, chainAllLines);
}

/** The parts of the trail that hold lines of a clinic, with how many. */
async function partsOf(
  world: Servers,
  clinicId: string,
): Promise<Record<string, number>> {
  const rows = await inCentral(
    world,
    (central) =>
      central.rows<{ part: string; lines: number }>(sql`
      select tableoid::regclass::text as part, count(*)::integer as lines
      from audit_log where clinic_id = ${clinicId} group by 1`),
  );
  return Object.fromEntries(rows.map(({ part, lines }) => [part, lines]));
}

function thisMonth(): string {
  return `audit_log_${new Date().toISOString().slice(0, 7).replace("-", "_")}`;
}

async function changesOf(clinicId: string): Promise<string[]> {
  const lines = await linesOf(world, clinicId);
  return lines.filter(({ action }) => action === "patient.change")
    .map(({ id }) => id);
}

/** As a worker cuts. */
function cut(world: Servers): Promise<number> {
  return inCentral(
    world,
    (central) => cutTrail(central, { keepMonths: KEEP, at: AT }),
  );
}

Deno.test("months: a line is in the part of its month, or in the one for all others, and none is refused", async () => {
  const id = uuidv7();
  const now = new Date().toISOString();
  await addLines(world, id, [now, "2021-02-03T04:05:06Z"]);
  deepEqual(await partsOf(world, id), { [thisMonth()]: 1, audit_log_other: 1 });
  await inCentral(world, async (central) => {
    await addTrailMonths(central);
    equal(await addTrailMonths(central), 0);
    const [row] = await central.rows<{ ahead: number }>(sql`
      select count(*)::integer as ahead from pg_inherits
      join pg_class on pg_class.oid = inhrelid
      where inhparent = 'audit_log'::regclass
        and relname >= ${thisMonth()} and relname <> 'audit_log_other'`);
    equal(row!.ahead, 4);
  });
});

Deno.test("months: lines that came before their month had a part are moved into it, and the chain holds", async () => {
  const id = uuidv7();
  await addLines(world, id, [
    "2020-05-06T07:08:09.123456Z",
    "2020-06-01T00:00:00Z",
  ]);
  await inCentral(world, async (central) => {
    await central.script("begin; set role cloison_owner");
    await central.script("select add_audit_month('2020-05-01')");
    await central.script("commit; reset role");
  });
  const parts = await partsOf(world, id);
  deepEqual(parts, { audit_log_2020_05: 1, audit_log_other: 1 });
  const { lines, tampering } = await verify(world, id);
  deepEqual([lines, tampering], [2, undefined]);
  // It goes again with the lines.
  await cut(world);
  deepEqual(await partsOf(world, id), { [thisMonth()]: 1 });
});

Deno.test("months: an event that is relayed twice is one line, wherever its month is", async () => {
  await using world = await openWorld({ clinics: 1 });
  const { id, database } = world.clinic(0);
  const event = uuidv7();
  await asRole(world, "cloison_owner", database, async (clinic) => {
    await clinic.rows(sql`
      insert into audit_outbox (id, at, actor_id, session_id, role, action, entity, entity_id, request_id)
      values (${event}, '2022-12-31T23:59:59.999999Z', ${event}, ${event},
        'admin', 'patient.change', 'patient', ${event}, 'x')`);
    const died = new Error("died between commit and the note");
    await inCentral(world, async (central) => {
      await rejects(
        relayOutbox(clinic, async (statement) => {
          await central.rows(statement);
          throw died;
        }, id),
        died,
      );
      equal((await changesOf(id)).length, 1);
      equal(await relayOutbox(clinic, (line) => central.rows(line), id), 1);
    });
  });
  deepEqual(await changesOf(id), [event]);
});

Deno.test("months: what no clock shows is stored at the nearest instant that one might; nobody can choose a line's place", async () => {
  const id = uuidv7();
  const values = (columns: string, rest: string) =>
    `insert into audit_log (id, clinic_id, action, entity, outcome, ${columns})
     overriding system value
     values ('${uuidv7()}', '${id}', 'x', 'x', 'success', ${rest})`;
  await asRole(world, "cloison_api", CENTRAL_DATABASE, async (api) => {
    for (const at of ["infinity", "2100-01-01", "-infinity"]) {
      await rejects(api.script(values("at", `'${at}'`)), { sqlState: "23514" });
    }
    for (const [column, value] of [["xact", "'3'"], ["position", "1"]]) {
      await rejects(api.script(values(column!, value!)), { sqlState: "42501" });
    }
  });
  const { insertLines } = await import("../../src/audit/central_log.ts");
  const nothing = {
    clinic_id: id,
    actor_id: null,
    session_id: null,
    role: null,
    action: "patient.view",
    entity: "patient",
    entity_id: null,
    patient_id: null,
    outcome: "success",
    request_id: null,
    address: null,
  } as const;
  await inCentral(world, async (central) => {
    const pool = { read: central.rows.bind(central) } as never;
    await insertLines(pool, [
      { ...nothing, id: uuidv7(), at: "2100-01-01T00:00:00Z" },
      { ...nothing, id: uuidv7(), at: "1970-01-01T00:00:00Z" },
    ]);
  });
  deepEqual(await partsOf(world, id), { [thisMonth()]: 1, audit_log_other: 1 });
});

Deno.test("months: those who may add to the trail can do nothing else to any part of it", async () => {
  await addLines(world, uuidv7(), ["2021-02-03T04:05:06Z"]);
  for (const role of ["cloison_api", "cloison_backup"]) {
    await asRole(world, role, CENTRAL_DATABASE, async (central) => {
      for (const table of ["audit_log_other", thisMonth(), "audit_floors"]) {
        for (
          const statement of [
            `update ${table} set clinic_id = null`,
            `delete from ${table}`,
            `truncate ${table}`,
            `insert into ${table} default values`,
            `alter table ${table} disable trigger user`,
            `drop table ${table}`,
          ]
        ) {
          await rejects(
            central.script(statement),
            { sqlState: "42501" },
            `${role}: ${statement}`,
          );
        }
      }
      for (
        const statement of [
          `alter table audit_log detach partition ${thisMonth()}`,
          "select cut_audit_trail(6, '[]')",
          "select add_audit_months(3)",
          "select * from audit_floors_due(6)",
        ]
      ) {
        await rejects(central.script(statement), { sqlState: "42501" });
      }
    });
  }
  // Nor does the owner by mistake: the triggers are on the parts, too.
  await inCentral(world, async (central) => {
    for (const table of ["audit_log", "audit_log_other", thisMonth()]) {
      for (const statement of ["truncate", "delete from"]) {
        await rejects(central.script(`${statement} ${table}`), {
          sqlState: "42501",
        }, `${statement} ${table}`);
      }
    }
  });
});

Deno.test("retention: what is due goes as far as the chain is due; a late line stays with those around it until they go", async () => {
  const [id, other] = [uuidv7(), uuidv7()];
  const now = new Date().toISOString();
  await addLines(world, id, [
    "2021-01-31T23:00:00Z",
    "2021-02-01T01:00:00Z",
    "2021-01-31T23:59:00Z",
    now,
    "2021-02-02T00:00:00Z", // came late
    now,
  ]);
  await addLines(world, other, [now]);
  const due = await inCentral(world, (central) => dueLines(central, KEEP));
  deepEqual(
    due.filter(({ chain }) => [id, other].includes(chain))
      .map(({ chain, seq, lines }) => [chain, seq, lines]),
    [[id, 3, 3]],
  );
  ok(await cut(world) >= 3);
  const report = await verify(world, id);
  deepEqual([report.removed?.seq, report.tampering], [3, undefined]);
  // Those that are left, and the one that tells.
  equal(report.lines, 4);
  deepEqual(
    (await linesOf(world, id)).map(({ seq, action }) => [Number(seq), action]),
    [
      [4, "patient.view"],
      [5, "patient.view"],
      [6, "patient.view"],
      [7, "audit.expire"],
    ],
  );
  deepEqual(await partsOf(world, id), { [thisMonth()]: 3, audit_log_other: 1 });
  const again = await inCentral(world, (central) => dueLines(central, KEEP));
  equal(again.find(({ chain }) => chain === id), undefined);
  equal((await verify(world, other)).removed, undefined);
});

Deno.test("retention: a cut that fails leaves everything, and no place beyond what is due is cut", async () => {
  const id = uuidv7();
  await addLines(world, id, ["2021-01-31T23:00:00Z", new Date().toISOString()]);
  await inCentral(world, async (central) => {
    const failing = {
      rows: central.rows.bind(central),
      transaction: () => Promise.reject(new Error("gone")),
    } as never;
    await rejects(cutTrail(failing, { keepMonths: KEEP, at: AT }), /gone/);
    // Less than half a year is never removed, whoever asks.
    await central.transaction("read write", async (run) => {
      const places = [{ clinic_id: id, seq: 2 }];
      const [row] = await run.rows<{ removed: string }>(
        sql`select cut_audit_trail(0, ${places}::jsonb) as removed`,
      );
      equal(row!.removed, "0");
    });
  });
  const { lines, tampering, removed } = await verify(world, id);
  deepEqual([lines, tampering, removed], [2, undefined, undefined]);
  await cut(world);
});

Deno.test("retention: a line that is removed without it, or put in below the floor, is found", async () => {
  const [gone, inserted] = [uuidv7(), uuidv7()];
  const now = new Date().toISOString();
  for (const id of [gone, inserted]) {
    await addLines(world, id, ["2021-01-31T23:00:00Z", now, now]);
  }
  await cut(world);
  await tamper(world, async (central) => {
    await central.rows(sql`delete from audit_log where (id, at) =
      (select line_id, line_at from audit_chain
        where clinic_id = ${gone} and seq = 2)`);
    await central.rows(sql`
      insert into audit_log (id, at, clinic_id, action, entity, outcome, xact)
      values (${uuidv7()}, '2021-01-01', ${inserted}, 'patient.view', 'patient', 'success', '3')`);
  });
  const found = await Promise.all(
    [gone, inserted].map(async (id) => (await verify(world, id)).tampering),
  );
  deepEqual(found.map((one) => [one?.kind, one?.seq]), [
    ["deleted", 2],
    ["inserted", 2],
  ]);
});

Deno.test("retention: the worker's housekeeping removes what is due, and says so outside before it does", async () => {
  const id = uuidv7();
  await addLines(world, id, ["2021-01-31T23:00:00Z", new Date().toISOString()]);
  const signer = new NoteSigner("cloison.test/audit", newSigningKey());
  const verifier = new NoteVerifier(signer.verifierKey);
  const notes: string[] = [];
  const logged: string[] = [];
  const sink = {
    async write(note: string): Promise<void> {
      equal((await verify(world, id)).removed, undefined);
      notes.push(note);
    },
  };
  await doChores({
    login: workerLogin(world.stack),
    cell: "without-clinics",
    tokenSeconds: 600,
    trail: { keepMonths: KEEP, notes: { signer, sink } },
    clock: () => Date.parse(AT),
    log: createLogger({ write: (line) => logged.push(line), clock: Date.now }),
    signal: new AbortController().signal,
  });
  const { removed, tampering } = await verify(world, id);
  deepEqual([removed?.seq, tampering], [1, undefined], logged.join("\n"));
  const floors = notes.flatMap((note) => openFloors(verifier, note)!.floors);
  deepEqual(
    floors.filter(({ chain }) => chain === id).map(({ seq }) => seq),
    [1],
  );
});
