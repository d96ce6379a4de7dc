import { deepEqual, equal, rejects } from "node:assert/strict";
import { ReadTrail } from "../../src/audit/read_trail.ts";
import type { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import {
  type ClinicDb,
  openClinicDb,
  type WriteTx,
} from "../../src/tenancy/clinic_db.ts";
import { logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let clinic: ClinicDb;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  const { token } = await logIn(world, world.clinic(0));
  const verified = await world.tokens.verify(token);
  clinic = openClinicDb({
    ...verified,
    pools: world.pools,
    trail: new ReadTrail(undefined as unknown as Pool), // no read here is recorded
    relays: { changed() {} }, // and no event leaves the outbox
    origin: { requestId: "test", address: null },
    onAccessChanged: () => Promise.resolve(),
  });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const DONE = { status: 201, headers: {}, body: "{}" };

function request(content = "") {
  return { key: crypto.randomUUID(), operation: "POST /test", content };
}

async function insert(tx: WriteTx, id: string) {
  await tx.rows(sql`insert into patients (id, profile_status, given_names)
    values (${id}, 'provisional', 'Zoë')`);
  return tx.audit(
    { action: "patient.create", entityId: id, patientId: id },
    id,
  );
}

async function stored(id: string): Promise<boolean> {
  const rows = await clinic.read((tx) =>
    tx.rows(sql`select from patients where id = ${id}`)
  );
  return rows.length > 0;
}

Deno.test("ClinicDb.once keeps what was changed together with the answer", async () => {
  const id = crypto.randomUUID();
  const same = request();
  const first = await clinic.once(same, async (scoped) => {
    await scoped.write((tx) => insert(tx, id));
    return DONE;
  });
  equal(first, undefined);
  equal(await stored(id), true);
  const replay = await clinic.once(same, () => {
    throw new Error("it must not be called");
  });
  deepEqual(replay, DONE);
});

Deno.test("ClinicDb.once undoes what was changed when the answer is a refusal", async () => {
  const id = crypto.randomUUID();
  const same = request();
  await clinic.once(same, async (scoped) => {
    await scoped.write((tx) => insert(tx, id));
    return undefined;
  });
  equal(await stored(id), false);
  let again = false;
  await clinic.once(same, () => {
    again = true;
    return Promise.resolve(DONE);
  });
  equal(again, true, "a refusal was kept");
});

Deno.test("ClinicDb.once: a change that fails undoes the ones before it, and the handler may then read", async () => {
  const id = crypto.randomUUID();
  await clinic.once(request(), async (scoped) => {
    await scoped.write((tx) => insert(tx, id));
    await rejects(
      scoped.write((tx) => insert(tx, id)),
      (error) => error instanceof DatabaseError && error.failure === "unique",
    );
    const rows = await scoped.read((tx) =>
      tx.rows(sql`select from patients where id = ${id}`)
    );
    equal(rows.length, 0);
    await rejects(
      scoped.write((tx) => insert(tx, crypto.randomUUID())),
      /transaction has ended/,
    );
    return undefined;
  });
  equal(await stored(id), false);
});

Deno.test("ClinicDb.once: a handler that hides a failed change is not believed", async () => {
  const [id, other] = [crypto.randomUUID(), crypto.randomUUID()];
  await clinic.write((tx) => insert(tx, id));
  const same = request();
  await rejects(
    clinic.once(same, async (scoped) => {
      await scoped.write((tx) => insert(tx, other));
      await scoped.write((tx) => insert(tx, id)).catch(() => {});
      return DONE;
    }),
    (error) => error instanceof DatabaseError && error.failure === "unique",
  );
  equal(await stored(other), false);
});

Deno.test("ClinicDb.once: a read sees what was changed, cannot change anything, and breaks nothing when it fails", async () => {
  const id = crypto.randomUUID();
  await clinic.once(request(), async (scoped) => {
    await scoped.write((tx) => insert(tx, id));
    const rows = await scoped.read((tx) =>
      tx.rows(sql`select from patients where id = ${id}`)
    );
    equal(rows.length, 1);
    await rejects(
      scoped.read((tx) => tx.rows(sql`update patients set city = 'Lyon'`)),
      (error) =>
        error instanceof DatabaseError && error.failure === "forbidden",
    );
    await rejects(scoped.snapshot((tx) => tx.rows(sql`select 1 / 0`)));
    await scoped.write((tx) => insert(tx, crypto.randomUUID()));
    return DONE;
  });
  equal(await stored(id), true);
});

Deno.test("ClinicDb.once: more requests than connections, each of which reads as well, all end", async () => {
  const ids = Array.from({ length: 30 }, () => crypto.randomUUID());
  await Promise.all(ids.map((id) =>
    clinic.once(request(), async (scoped) => {
      await scoped.read((tx) => tx.rows(sql`select count(*) from patients`));
      await scoped.write((tx) => insert(tx, id));
      await scoped.read((tx) => tx.rows(sql`select count(*) from patients`));
      return DONE;
    })
  ));
  for (const id of ids) equal(await stored(id), true);
});
