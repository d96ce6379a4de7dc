import assert from "node:assert/strict";
import { AppError } from "../../src/kernel/errors.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  issueConfirmation,
  planClosing,
} from "../../src/tenancy/operations/confirmations.ts";
import {
  inRegistry,
  newClinicInput,
  openOperations,
  requestClinic,
  type TestOperations,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { provisionClinic } from "../support/provisioned.ts";
import type { TestStack } from "../support/test_stack.ts";

/** @returns the refusal, which must have that code */
async function refused(
  promise: Promise<unknown>,
  code: string,
): Promise<AppError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof AppError, `not refused: ${error}`);
  assert.equal(error.code, code, error.message);
  return error;
}

async function platformUser(stack: TestStack): Promise<string> {
  const id = uuidv7();
  await inRegistry(
    stack,
    sql`insert into platform_users (id, email, display_name, role, password_hash)
      values (${id}, ${`${id}@platform.test`}, 'Op', 'operator', 'x')`,
  );
  return id;
}

function suspendRequest(clinicId: string | null, requestedBy: string | null) {
  return { kind: "suspend" as const, clinicId, input: {}, requestedBy };
}

Deno.test("operations: what the API may ask for, and how it is refused", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  await using ledger = openOperations(stack);
  const { operations, central } = ledger;
  const user = await platformUser(stack);
  const clinic = await provisionClinic(stack);

  await t.step(
    "a taken short name or address is a duplicate, also of one that is only asked for",
    async () => {
      const first = newClinicInput();
      await requestClinic(operations, first);
      const email = first.email.toUpperCase();
      for (
        const [changes, member] of [
          [{ slug: first.slug }, "slug"],
          [{ email }, "email"],
          [{ slug: clinic.slug }, "slug"],
          [{ email: `${clinic.slug}@CLINIC.test` }, "email"],
        ] as const
      ) {
        const error = await refused(
          requestClinic(operations, changes),
          "duplicate",
        );
        assert.deepEqual(error.extensions, { member });
      }
    },
  );

  await t.step("twenty at once with one name: one gets it", async () => {
    const input = newClinicInput();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => requestClinic(operations, input)),
    );
    const wrong = outcomes.filter((outcome) =>
      outcome.status === "rejected" && outcome.reason.code !== "duplicate"
    );
    assert.deepEqual(wrong, []);
    const made = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(made.length, 1);
  });

  await t.step("bad input is named, and nothing is stored", async () => {
    const [before] = await countOperations(stack);
    const bad: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ slug: "x'; drop table clinics; --" }, "#/slug"],
      [{ slug: "A B" }, "#/slug"],
      [{ slug: "🏥🏥🏥" }, "#/slug"],
      [{ slug: "x".repeat(10_240) }, "#/slug"],
      [{ slug: 7 }, "#/slug"],
      [{ slug: undefined }, "#/slug"],
      [{ name: "a\nb" }, "#/name"],
      [{ name: "a\0b" }, "#/name"],
      [{ name: "a\ud800" }, "#/name"],
      [{ name: "x".repeat(10_240) }, "#/name"],
      [{ email: "$(id)" }, "#/email"],
      [{ phone: "04 56" }, "#/phone"],
      [{ cell: "no such cell" }, "#/cell"],
      [{ extra: 1 }, "#/extra"],
      [
        { admin: { email: "x", givenNames: "A", familyName: "B" } },
        "#/admin/email",
      ],
    ];
    for (const [changes, pointer] of bad) {
      const error = await refused(
        requestClinic(operations, changes),
        "invalid-request",
      );
      assert.equal(error.violations?.[0]?.pointer, pointer);
      const [value] = Object.values(changes);
      if (typeof value === "string" && value.length > 3) {
        assert.ok(!error.message.includes(value), "the value is repeated");
      }
    }
    await refused(requestClinic(operations, { cell: "elsewhere" }), "conflict");
    assert.deepEqual((await countOperations(stack))[0], before);
  });

  await t.step(
    "names keep quotes and what a shell or SQL would read",
    async () => {
      const name = `Clinique "L'Étoile"; $(id) \`id\` -- DROP TABLE 🏥`;
      const asked = await requestClinic(operations, { name });
      assert.equal((await operations.get(asked.id))?.input.name, name);
    },
  );

  await t.step(
    "one operation on a clinic at a time, and only what its state allows",
    async () => {
      const { id: clinicId } = clinic;
      const error = await refused(
        operations.request({
          kind: "resume",
          clinicId,
          input: {},
          requestedBy: user,
        }),
        "invalid-transition",
      );
      assert.deepEqual(error.extensions, {
        state: "active",
        allowed: ["migrate", "suspend", "rotate", "close", "retention"],
      });
      const both = await Promise.allSettled([
        operations.request(suspendRequest(clinicId, user)),
        operations.request(suspendRequest(clinicId, user)),
      ]);
      assert.deepEqual(both.map(({ status }) => status).sort(), [
        "fulfilled",
        "rejected",
      ]);
      await refused(
        operations.request(suspendRequest(clinicId, user)),
        "conflict",
      );
      await refused(
        operations.request(suspendRequest(uuidv7(), user)),
        "not-found",
      );
    },
  );

  await t.step(
    "the same key gives the same operation; another request with it is refused",
    async () => {
      const other = await provisionClinic(stack);
      const request = {
        ...suspendRequest(other.id, user),
        idempotencyKey: "k'1",
      };
      const [first, second] = await Promise.all([
        operations.request(request),
        operations.request(request),
      ]);
      assert.equal(first.id, second.id);
      assert.equal((await operations.request(request)).id, first.id);
      await refused(
        operations.request({ ...request, kind: "rotate", input: {} }),
        "idempotency-key-reused",
      );
      // Another user's keys are others.
      const stranger = await platformUser(stack);
      await refused(
        operations.request({ ...request, requestedBy: stranger }),
        "conflict",
      );
    },
  );

  await t.step(
    "closing needs the confirmation that came with the dates, once",
    async () => {
      const closed = await provisionClinic(stack);
      const plan = await planClosing(central, closed.id);
      const days = (Date.parse(plan.purgeAt) - Date.parse(plan.closesAt)) /
        86_400_000;
      assert.equal(days, 30);
      assert.ok(plan.backupsDeletedAt > plan.purgeAt);
      const close = {
        kind: "close" as const,
        clinicId: closed.id,
        input: {},
        requestedBy: user,
      };
      const shown = { graceDays: 45, backupDays: 700 };
      const { token } = await issueConfirmation(
        central,
        closed.id,
        user,
        shown,
      );
      const elsewhere = await issueConfirmation(
        central,
        clinic.id,
        user,
        shown,
      );
      const stranger = await platformUser(stack);
      const bad = [undefined, "", "x".repeat(10_240), elsewhere.token];
      for (const confirmation of bad) {
        await refused(
          operations.request({ ...close, confirmation }),
          "conflict",
        );
      }
      await refused(
        operations.request({
          ...close,
          confirmation: token,
          requestedBy: stranger,
        }),
        "conflict",
      );
      const asked = await operations.request({ ...close, confirmation: token });
      assert.equal(asked.state, "queued");
      // Whatever is said of the cell by the time that a worker begins.
      assert.deepEqual(asked.input, shown);
      assert.ok(!JSON.stringify(asked).includes(token));
      await operations.cancel(asked.id);
      await refused(
        operations.request({ ...close, confirmation: token }),
        "conflict",
      );
    },
  );

  await t.step(
    "listed, the newest first, by clinic, kind and state",
    async () => {
      const all = await operations.list({}, { limit: 100 });
      assert.deepEqual(
        all.map(({ id }) => id),
        all.map(({ id }) => id).sort().reverse(),
      );
      const [first, second] = all;
      const rest = await operations.list({}, { limit: 1, before: first!.id });
      assert.deepEqual(rest.map(({ id }) => id), [second!.id]);
      const mine = await operations.list(
        { clinicId: clinic.id, kind: "suspend", states: ["queued"] },
        { limit: 10 },
      );
      assert.equal(mine.length, 1);
      assert.deepEqual(
        await operations.list({ clinicId: uuidv7() }, { limit: 10 }),
        [],
      );
    },
  );

  await t.step(
    "what was not begun can be taken back; what has not failed cannot be tried again",
    async () => {
      const asked = await requestClinic(operations);
      await refused(operations.retry(asked.id), "conflict");
      assert.equal((await operations.cancel(asked.id)).state, "cancelled");
      await refused(operations.cancel(asked.id), "conflict");
      await refused(operations.cancel(uuidv7()), "not-found");
      await refused(operations.retry(uuidv7()), "not-found");
      // Its name is free again.
      await requestClinic(operations, { slug: asked.input.slug });
    },
  );

  await t.step(
    "the API's role can add and read, and nothing else",
    () => cannotDoMore(ledger),
  );
});

async function cannotDoMore(
  { central, operations }: TestOperations,
): Promise<void> {
  const { id } = await requestClinic(operations);
  const user = uuidv7();
  const statements: readonly Sql[] = [
    sql`update operations set state = 'succeeded' where id = ${id}`,
    sql`delete from operations where id = ${id}`,
    sql`select secret_sealed from operations`,
    sql`select notes from operations`,
    sql`select from clinic_stock`,
    sql`select from clinic_stock_secrets`,
    sql`insert into operations (id, kind, clinic_id, state) values (${user}, 'create', ${user}, 'running')`,
    sql`insert into operations (id, kind, clinic_id, scheduled_for) values (${user}, 'purge', ${user}, now())`,
    sql`insert into operations (id, kind, clinic_id, cell_id) values (${user}, 'create', ${user}, ${user})`,
    sql`insert into clinics (id, cell_id, slug, name, email) select ${user}, id, 'xxx', 'x', 'x@y' from cells`,
    sql`update cells set pooler_host = 'elsewhere'`,
    sql`update cells set probe_sealed = null, probe_key_id = null`,
    sql`update clinics set slug = 'elsewhere'`,
    sql`update clinics set state = 'active'`,
    sql`insert into clinic_backups (id, clinic_id, reason, bytes, digest, key_id, schema_version)
      select ${user}, id, 'final', 1, '\\x00', 'k', 1 from clinics`,
    sql`select prepare_operation()`,
  ];
  for (const statement of statements) {
    const error = await central.execute(statement)
      .then(() => undefined, (error) => error);
    assert.ok(error instanceof DatabaseError, statement.render().text);
    assert.equal(error.failure, "forbidden", statement.render().text);
  }
}

function countOperations(stack: TestStack): Promise<{ count: number }[]> {
  return inRegistry(
    stack,
    sql`select count(*)::integer as count from operations`,
  );
}
