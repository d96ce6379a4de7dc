import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { readMigrations } from "../../src/db/migrations.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { type ClinicId, uuidv7 } from "../../src/kernel/ids.ts";
import { BackupStore } from "../../src/tenancy/backups/backup_store.ts";
import { ClinicBackups } from "../../src/tenancy/backups/clinic_backups.ts";
import { TrailNotDrained } from "../../src/tenancy/backups/drain.ts";
import { restoreClinic } from "../../src/tenancy/backups/restore.ts";
import { ErasuresNotReplayed } from "../../src/tenancy/erasure/replay.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import type { Client, Json } from "../support/client.ts";
import { make, newPatient } from "../support/consents.ts";
import { MIGRATIONS, workerConfig } from "../support/operations.ts";
import { cellKeys } from "../support/provisioned.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import {
  erase,
  everythingIn,
  found,
  makeWholePerson,
  NIR,
  openTeam,
  refused,
  traces,
  ZEPHIRINE,
  ZEPHYRINE,
} from "../support/whole_person.ts";
import { openWorld, type World } from "../support/world.ts";

/** Saves and restores the one clinic of a world. */
async function openBackups(world: World) {
  const { stack } = world;
  const id = world.clinic(0).id as ClinicId;
  const folder = await Deno.makeTempDir();
  const config = workerConfig(stack, folder).backups!;
  const programs = { pgBin: config.pgBin, tlsCaFile: config.tlsCaFile };
  const login = workerLogin(stack);
  const keys = cellKeys(stack);
  const store = new BackupStore(`${folder}/backups`);
  const backups = new ClinicBackups({
    store,
    programs,
    reader: config.login,
    keys,
  });
  const migrations = await readMigrations(MIGRATIONS);
  return {
    async save(): Promise<string> {
      const backupId = uuidv7();
      await withDatabase(
        login,
        CENTRAL_DATABASE,
        (central) =>
          backups.make(central, {
            backupId,
            clinicId: id,
            reason: "requested",
          }),
      );
      return backupId;
    },
    async restore(backupId: string, lost = false): Promise<void> {
      await inCentral(
        world,
        sql`update clinics set state = 'suspended' where id = ${id}`,
      );
      await withDatabase(
        login,
        CENTRAL_DATABASE,
        (central) =>
          restoreClinic(central, id, backupId, {
            login,
            keys,
            migrations,
            backups,
            programs,
            tempFile: () => Deno.makeTempFile({ dir: folder }),
            lost,
          }),
      );
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("erasure: who was erased stays erased when yesterday's backup is restored", async (t) => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  await using saved = await openBackups(world);
  const team = await openTeam(world, clinic);
  const { admin } = team;
  const here = <Row = Json>(statement: Sql) =>
    inClinic<Row>(world, clinic, statement);

  const person = await makeWholePerson(world, clinic, team);
  const held = await admin.send("PUT", `/v1/patients/${person.id}/legal-hold`, {
    body: { reason: "Jusqu'à demain" },
  });
  equal(held.status, 200);
  // One person by tomorrow.
  const [one, other] = [
    await newPatient(admin, { familyName: "Prunelier-Vasseur" }),
    await newPatient(admin, { familyName: "Prunellier Vasseur" }),
  ];
  // Two persons by tomorrow; the first has taken over a telephone number from the second.
  const [stays, goes] = [
    await newPatient(admin, { familyName: "Demeurant" }),
    await newPatient(admin, {
      familyName: "Partifaure",
      phone: "+33611223355",
    }),
  ];
  await merge(admin, stays, goes);
  const yesterday = await saved.save();

  await lift(admin, `/v1/patients/${person.id}/legal-hold`);
  await merge(admin, one, other);
  await make(admin, `/v1/patients/${goes}/separate`);
  const after = await newPatient(admin, { familyName: "Tardive" });
  const certificates: Json[] = [];
  for (const id of [person.id, one, goes, after]) {
    certificates.push(await erase(admin, id));
  }
  await untilRelayed();
  // The last of them had not been relayed yet when the restore began.
  await here(sql`alter table audit_outbox disable trigger note_relayed`);
  await here(sql`update audit_outbox set relayed_at = null
    where entity_id = ${certificates[0].id}`);
  await here(sql`alter table audit_outbox enable trigger note_relayed`);
  for (const turn of ["disable", "enable"] as const) {
    if (turn === "enable") {
      await inCentral(
        world,
        sql`delete from erasure_ledger
          where certificate_id = ${certificates[0].id}`,
      );
    }
    await inCentral(
      world,
      turn === "disable"
        ? sql`alter table erasure_ledger disable trigger append_only`
        : sql`alter table erasure_ledger enable trigger append_only`,
    );
  }

  const wanted = [
    ...traces(ZEPHYRINE, [NIR, "Quémeneur"]),
    ...traces(ZEPHIRINE),
    ...traces({ a: "Prunelier", b: "Prunellier", c: "Partifaure" }),
    ...traces({ phone: "+33611223355" }),
  ];

  await t.step("all of them, and nobody else", async () => {
    await saved.restore(yesterday);
    deepEqual(found(await everythingIn(world, clinic), wanted), []);
    const rows = await here(
      sql`select id, file_ids, erased_at, erased_by, replayed_at is not null as again
        from erasures order by erased_at`,
    );
    deepEqual(
      rows,
      certificates.slice(0, 3).map(({ id, fileIds, erasedAt }) => ({
        id,
        file_ids: fileIds,
        erased_at: erasedAt,
        erased_by: null,
        again: true,
      })),
    );
    deepEqual(
      await here(sql`select family_name, phone, merged_into from patients
        where id = ${stays}`),
      [{ family_name: "Demeurant", phone: null, merged_into: null }],
    );
  });

  await t.step("the clinic is opened, and knows the certificate", async () => {
    await inCentral(
      world,
      sql`update clinics set state = 'active' where id = ${clinic.id}`,
    );
    const path = `/v1/erasures?patientId=${person.mergedId}`;
    let list = await admin.get(path);
    for (let i = 0; list.status !== 200 && i < 100; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      list = await admin.get(path);
    }
    equal(list.body.data[0]?.id, certificates[0].id, list.text);
    ok(list.body.data[0].replayedAt !== null);
    refused(await admin.get(`/v1/patients/${person.id}`), "not-found");
    equal((await admin.get(`/v1/patients/${stays}`)).status, 200);
  });

  await t.step(
    "what cannot be erased again is not opened, and the database that is there stays",
    async () => {
      const id = await newPatient(admin, { familyName: "Indéchiffrable" });
      const invoice = await make(admin, "/v1/invoices", {
        patientId: id,
        lines: [{
          description: "Consultation",
          unitPriceCents: 6_000,
          vatCategory: "exempt_care",
        }],
        note: "Pour la mutuelle",
      });
      await make(admin, `/v1/invoices/${invoice.id}/issue`);
      await here(sql`alter table documents disable trigger user`);
      await here(sql`update documents set note_sealed = '\\x00'
        where id = ${invoice.id}`);
      await here(sql`alter table documents enable trigger user`);
      const broken = await saved.save();
      const marker = await newPatient(admin, { familyName: "Ultérieure" });
      await inCentral(
        world,
        sql`insert into erasure_ledger
            (clinic_id, patient_id, certificate_id, erased_at)
          values (${clinic.id}, ${id}, ${uuidv7()}, now())`,
      );
      await rejects(saved.restore(broken), (error) => {
        ok(error instanceof ErasuresNotReplayed, String(error));
        ok(error.message.includes("erasures-not-replayed"));
        return true;
      });
      deepEqual(
        await inCentral(
          world,
          sql`select state from clinics where id = ${clinic.id}`,
        ),
        [{ state: "suspended" }],
      );
      equal(
        (await here(sql`select from patients where id = ${marker}`)).length,
        1,
      );
    },
  );

  await t.step(
    "a database that cannot be asked is only given up by who says so",
    async () => {
      const allow = (yes: boolean) =>
        withDatabase(
          workerLogin(world.stack),
          CENTRAL_DATABASE,
          (central) =>
            central.script(
              `alter database ${clinic.database} allow_connections ${yes}`,
            ),
        );
      await allow(false);
      await rejects(saved.restore(yesterday), TrailNotDrained);
      await saved.restore(yesterday, true);
      deepEqual(found(await everythingIn(world, clinic), wanted), []);
    },
  );

  async function untilRelayed(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const [{ n }] = await here(sql`select count(*)::integer as n
        from audit_outbox where relayed_at is null`);
      if (n === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("The outbox is not relayed");
  }
});

async function merge(
  admin: Client,
  kept: string,
  merged: string,
): Promise<void> {
  await make(admin, `/v1/patients/${kept}/merge`, { patientId: merged });
}

async function lift(admin: Client, path: string): Promise<void> {
  equal((await admin.send("DELETE", path)).status, 204);
}
