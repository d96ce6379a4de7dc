import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { readFailureLimit } from "../../scripts/cli/options.ts";
import { draw } from "../../scripts/cli/progress.ts";
import { sql } from "../../src/db/sql.ts";
import { cloison } from "../support/cloison.ts";
import {
  baseMigrations,
  inClinicOf,
  ledgerOf,
  makeFleet,
  makeWholeFleet,
  migrationFolder,
} from "../support/fleet.ts";
import { testStack } from "../support/test_stack.ts";

const REFUSE_BAD = `alter table staff add constraint staff_not_bad_check
  check (given_names <> 'Bad')`;

Deno.test("cloison migrate: a dry run shows what would be done, and does nothing", async () => {
  const fleet = await makeFleet(testStack(), 2, await baseMigrations());
  await using folder = await migrationFolder(REFUSE_BAD);
  const args = ["migrate", "--dry-run", "--migrations", folder.path];
  const { code, out, error } = await cloison(fleet, args);
  deepEqual([code, error], [0, ""]);
  equal(
    out.replaceAll(/ {2,}/g, "  "),
    `Short name  From  To  Migrations
${fleet.clinics[0]!.slug}  6  7  next_0
${fleet.clinics[1]!.slug}  6  7  next_0
2 to migrate, 0 at 7 already
`,
  );
  deepEqual(await ledgerOf(fleet), []);
  const json = await cloison(fleet, [...args, "--json"]);
  deepEqual(
    JSON.parse(json.out).behind,
    fleet.clinics.map(({ slug }) => ({
      slug,
      from: 6,
      to: 7,
      migrations: ["next_0"],
    })),
  );
});

Deno.test("cloison migrate: says of each clinic what became of it, and names those that failed at the end", async () => {
  const fleet = await makeFleet(testStack(), 3, await baseMigrations());
  await using folder = await migrationFolder(REFUSE_BAD);
  const [bad, good, left] = fleet.clinics;
  await inClinicOf(
    fleet,
    bad!,
    (connection) => connection.rows(sql`update staff set given_names = 'Bad'`),
  );
  const args = [
    "migrate",
    "--migrations",
    folder.path,
    "--only",
    `${good!.slug},${bad!.slug}`,
    "--max-failures",
    "50%",
    "--parallel",
    "1",
  ];
  const text = await cloison(fleet, args);
  equal(text.code, 1);
  const failure =
    "data-violates in migration 7 (staff, staff_not_bad_check; SQLSTATE 23514)";
  const lines = text.error.replaceAll(/\d+ ms/g, "N ms").split("\n");
  deepEqual(lines, [
    `1/2 ${bad!.slug}: FAILED ${failure}, N ms`,
    `2/2 ${good!.slug}: 6 -> 7, N ms`,
    "Not every clinic is up to date: 1 failed, 0 not begun",
    "",
  ]);
  match(
    text.out,
    new RegExp(
      `^${
        bad!.slug
      } failed: data-violates in migration 7 .*, 1 attempts\n1 migrated to 7, 0 were up to date, .* s\n$`,
    ),
  );
  const json = await cloison(fleet, [...args, "--json"]);
  equal(json.code, 1);
  equal(json.error, "Not every clinic is up to date: 1 failed, 0 not begun\n");
  const report = JSON.parse(json.out);
  deepEqual(report.failed, [{
    slug: bad!.slug,
    code: "data-violates",
    sqlState: "23514",
    migration: 7,
    detail: "staff, staff_not_bad_check",
    attempts: 1,
  }]);
  deepEqual([report.outcome, report.upToDate], ["incomplete", 1]);
  const untouched = (await ledgerOf(fleet)).filter(({ slug }) =>
    slug === left!.slug
  );
  deepEqual(untouched, []);
});

Deno.test("cloison migrate: a canary that somebody has changed by hand keeps the others from being begun", async () => {
  const fleet = await makeWholeFleet(testStack(), 2, await baseMigrations());
  await using folder = await migrationFolder(REFUSE_BAD);
  const args = ["migrate", "--migrations", folder.path, "--canary", "1"];
  await inClinicOf(
    fleet,
    fleet.clinics[1]!,
    (connection) => connection.script("drop index staff_email_key"),
  );
  const halted = await cloison(fleet, args);
  equal(halted.code, 1);
  match(
    halted.error,
    /FAILED differs-from-template \(- index staff.staff_email_key: CREATE UNIQUE INDEX .*\)/,
  );
  match(halted.error, /\nHalted: a canary failed: 1 failed, 1 not begun\n$/);
  await inClinicOf(fleet, fleet.clinics[1]!, (connection) =>
    connection.script(
      "create unique index staff_email_key on staff (lower(email)) where state <> 'removed'",
    ));
  const going = await cloison(fleet, args);
  equal(going.code, 0, going.error);
});

Deno.test("cloison migrate: what was typed wrong is one line, and nothing is done", async () => {
  const fleet = await makeFleet(testStack(), 1, await baseMigrations());
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--parallel", "0"], /^--parallel must be a number from 1 to 64$/m],
    [["--canary=-1; drop"], /^--canary must be a number from 0 to 10000$/m],
    [
      ["--max-failures", "101%"],
      /^--max-failures must be a number from 0 to 100$/m,
    ],
    [
      ["--only", "x".repeat(10_240)],
      /^--only must be short names, such as lyon,paris$/m,
    ],
    [
      ["--only", "'; drop table clinics; --"],
      /^--only must be short names, such as lyon,paris$/m,
    ],
    [["--only", "nobody"], /has no clinic with the short name nobody/],
    [["--migrations", "/nowhere/\u{1F3E5}"], /^--migrations is no folder$/m],
    [["--parralel", "1"], /unknown option '--parralel'/],
  ];
  for (const [args, expected] of wrong) {
    const answer = await cloison(fleet, ["migrate", ...args]);
    equal(answer.code, 2, `${args}: ${answer.error}`);
    match(answer.error, expected);
    equal(answer.error.trimEnd().split("\n").length, 1, answer.error);
    doesNotMatch(answer.error, /xx|1F3E5|drop/u);
  }
  deepEqual(await ledgerOf(fleet), []);
});

Deno.test("cloison migrate: how many may fail, and how far it is", () => {
  deepEqual(
    ["0", "3", "5%", "0%", "100%"].map((text) => readFailureLimit(text)(39)),
    [0, 3, 1, 0, 39],
  );
  equal(
    draw({ done: 25, failed: 2, total: 100 }, 12.34),
    "[#######.......................]  25/100  2 failed  12.3/s  7 s left",
  );
  equal(
    draw({ done: 3, failed: 0, total: 3 }, 1),
    "[##############################]  3/3  1.0/s",
  );
});
