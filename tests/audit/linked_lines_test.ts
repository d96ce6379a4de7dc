import { deepEqual, equal, ok, throws } from "node:assert/strict";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { createHash } from "node:crypto";
import {
  canonicalLine,
  CHAIN_START,
  lineHash,
  type TrailLine,
} from "../../src/audit/chain.ts";
import { chainAllLines } from "../../src/audit/chainer.ts";
import { readRecord } from "../../src/audit/record_text.ts";
import { type Tampering, verifyChains } from "../../src/audit/verify.ts";
import type { Connection } from "../../src/db/connection.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { testStack } from "../support/test_stack.ts";
import { inCentral, type Servers, tamper } from "./trail.ts";

const world: Servers = {
  get stack() {
    return testStack();
  },
};

/** Each of so many lines that they are read in three batches. */
const LINES = 2_500;

/** With what JSON and PostgreSQL escape, and what looks like it. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.array(
    fc.constantFrom('"', "\\", "ud83d", "u", "\n", "\0", "\u2028", "😀"),
    { maxLength: 6 },
  ).map((parts) => parts.join("")),
);

const textOrNull = fc.option(text);

/** Halves of surrogate pairs, in any order: some are whole pairs, some have no JSON. */
const halves = fc.array(fc.constantFrom("\\", "\ud83d", "\ude00"), {
  maxLength: 3,
}).map((units) => units.join(""));

const line: fc.Arbitrary<TrailLine> = fc.record({
  id: text,
  at: text,
  clinic_id: textOrNull,
  actor_id: textOrNull,
  session_id: textOrNull,
  role: textOrNull,
  action: text,
  entity: text,
  entity_id: textOrNull,
  patient_id: textOrNull,
  outcome: text,
  operation: textOrNull,
  reason: fc.option(halves),
  count: fc.integer(),
  request_id: textOrNull,
  address: textOrNull,
  changed_fields: fc.array(text, { maxLength: 3 }),
});

Deno.test("chain: a line is written as canonicalize writes it and hashed, or refused as it refuses it", () => {
  let refused = 0;
  let written = 0;
  fc.assert(
    fc.property(line, fc.maxSafeNat(), (line, seq) => {
      const besides = { ...line, xact: "7" };
      let expected: string | undefined;
      try {
        expected = canonicalize({ ...line, seq });
      } catch {
        refused++;
        return throws(() => canonicalLine(seq, besides), /surrogate/);
      }
      written++;
      equal(canonicalLine(seq, besides), expected);
      equal(
        lineHash(CHAIN_START, seq, besides).toHex(),
        createHash("sha256")
          .update("cloison.audit.line.v1\n")
          .update(new Uint8Array(32))
          .update(expected!)
          .digest("hex"),
      );
    }),
    { numRuns: 5_000 },
  );
  ok(refused > 500 && written > 500, `${refused} refused, ${written} written`);
});

Deno.test("record: every row is read as the values that it was made of", async () => {
  const texts = fc.array(
    fc.option(
      fc.oneof(
        fc.constantFrom("", '""', ",", "\\", "()", " ", "null", "\r\n", "é, €"),
        fc.string({ unit: "binary" }),
      ).map((text) => text.replaceAll("\0", "")),
    ),
    { minLength: 3, maxLength: 3 },
  );
  const rows = fc.sample(texts, 2_000);
  const records = await inCentral(
    world,
    (central) =>
      central.rows<{ record: string }>(sql`
      select row(line ->> 0, line ->> 1, line ->> 2)::text as record
      from json_array_elements(${rows}::jsonb::json) with ordinality as row (line, place)
      order by place`),
  );
  deepEqual(records.map(({ record }) => readRecord(record)), rows);
});

async function tamperingOf(chain: string): Promise<Tampering | undefined> {
  return await inCentral(world, async (central) => {
    const verified = verifyChains(central, { chain, checkpoints: [] });
    for await (const { tampering } of verified) return tampering;
    throw new Error("There is no such chain");
  });
}

/** A chain of its own, which nothing is wrong with. */
async function newChain(): Promise<string> {
  const chain = uuidv7();
  await inCentral(world, async (central) => {
    await central.rows(sql`
      insert into audit_log (id, clinic_id, action, entity, outcome, changed_fields)
      select gen_random_uuid(), ${chain}, 'patient.change', 'patient', 'success',
        array[',', '"', 'given name']
      from generate_series(1, ${LINES}::integer)`);
    await chainAllLines(central);
  });
  equal(await tamperingOf(chain), undefined);
  return chain;
}

type Change = (chain: string) => Sql[];

const CHANGES: Readonly<Record<string, [Change, Partial<Tampering>]>> = {
  "links in the middle are gone, with their lines, as many as a batch": [
    (chain) => [
      sql`delete from audit_log where id in (${
        linesIn(chain, "1001", "2000")
      })`,
      sql`delete from audit_chain
        where clinic_id = ${chain} and seq between 1001 and 2000`,
    ],
    { kind: "deleted", seq: 1001 },
  ],
  "links around the end of a batch are gone": [
    (chain) => [
      sql`delete from audit_chain
        where clinic_id = ${chain} and seq between 990 and 1010`,
    ],
    { kind: "deleted", seq: 990 },
  ],
  "the last link of a batch is gone": [
    (chain) => [
      sql`delete from audit_chain where clinic_id = ${chain} and seq = 1000`,
    ],
    { kind: "deleted", seq: 1000 },
  ],
  "the tail is gone": [
    (chain) => [
      sql`delete from audit_chain where clinic_id = ${chain} and seq > 1000`,
    ],
    { kind: "cut", seq: 1001 },
  ],
  "all is gone": [
    (chain) => [sql`delete from audit_chain where clinic_id = ${chain}`],
    { kind: "cut", seq: 1 },
  ],
  "the chain pretends to be longer than anybody could read": [
    (chain) => [
      sql`update audit_heads set seq = 1000000000000000
        where clinic_id = ${chain}`,
    ],
    { kind: "cut", seq: 2501 },
  ],
  "a line of the last batch is another": [
    (chain) => [
      sql`update audit_log set changed_fields = '{",","\\"",name}'
        where id in (${linesIn(chain, "2345", "2345")})`,
    ],
    { kind: "changed", seq: 2345 },
  ],
  "a text is empty where there was none": [
    (chain) => [
      sql`update audit_log set role = ''
        where id in (${linesIn(chain, "7", "7")})`,
    ],
    { kind: "changed", seq: 7 },
  ],
};

function linesIn(chain: string, first: string, last: string): Sql {
  return sql`select line_id from audit_chain where clinic_id = ${chain}
    and seq between ${first}::bigint and ${last}::bigint`;
}

for (const [name, [change, found]] of Object.entries(CHANGES)) {
  Deno.test(`verify: ${name}`, async () => {
    const chain = await newChain();
    await tamper(world, async (central: Connection) => {
      for (const statement of change(chain)) await central.rows(statement);
    });
    const { kind, seq } = (await tamperingOf(chain))!;
    deepEqual({ kind, seq }, found);
  });
}

Deno.test("verify: what no line can hold is found where there was nothing", async () => {
  const chain = uuidv7();
  await inCentral(world, async (central) => {
    await central.rows(sql`
      insert into audit_log (id, clinic_id, action, entity, outcome)
      select gen_random_uuid(), ${chain}, 'patient.view', 'patient', 'success'
      from generate_series(1, 3)`);
    await chainAllLines(central);
  });
  equal(await tamperingOf(chain), undefined);
  await tamper(world, async (central) => {
    await central.script(
      "alter table audit_log alter changed_fields drop not null",
    );
    await central.rows(sql`update audit_log set changed_fields = null
      where id in (${linesIn(chain, "2", "2")})`);
  });
  try {
    const { kind, seq } = (await tamperingOf(chain))!;
    deepEqual({ kind, seq }, { kind: "changed", seq: 2 });
  } finally {
    await tamper(world, async (central) => {
      await central.rows(sql`update audit_log set changed_fields = '{}'
        where clinic_id = ${chain}`);
      await central.script(
        "alter table audit_log alter changed_fields set not null",
      );
    });
  }
});
