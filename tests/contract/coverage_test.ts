import { deepEqual } from "node:assert/strict";
import { checkCoverage } from "../../scripts/check_coverage.ts";

async function check(
  lines: readonly unknown[],
  exempt: readonly [string, number][] = [],
): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [n, line] of lines.entries()) {
      // One process, one file.
      await Deno.writeTextFile(
        `${folder}/${n % 2}.jsonl`,
        `${JSON.stringify(line)}\n`,
        { append: true },
      );
    }
    return checkCoverage(
      folder,
      exempt.map(([operation, status]) => ({ operation, status, reason: "-" })),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const documented = { documented: { getThing: [200, 404], addThing: [201] } };
const got = { operation: "getThing", status: 200 };
const missed = { operation: "getThing", status: 404 };
const added = { operation: "addThing", status: 201 };

Deno.test("coverage: a run that saw every documented status, and no other, passes", async () => {
  deepEqual(await check([got, documented, missed, added, got]), []);
});

Deno.test("coverage: a run that recorded nothing does not pass", async () => {
  deepEqual((await check([])).length, 1);
});

Deno.test("coverage: what is documented and not seen, and what is seen and not documented, fails", async () => {
  const conflict = { operation: "addThing", status: 409 };
  deepEqual(await check([documented, got, conflict]), [
    "addThing: 201 is documented, and no test sees it",
    "addThing: 409 was seen, and is not documented",
    "getThing: 404 is documented, and no test sees it",
  ]);
  deepEqual(await check([documented, got, missed]), [
    "addThing: no test calls it",
  ]);
});

Deno.test("coverage: a violation that a test swallowed fails", async () => {
  const violation = { violation: "getThing: it lies" };
  deepEqual(await check([documented, got, missed, added, violation]), [
    "getThing: it lies",
  ]);
});

Deno.test("coverage: an exemption holds for what is not seen, and must go when it is", async () => {
  deepEqual(await check([documented, got, added], [["getThing", 404]]), []);
  deepEqual(
    await check([documented, got, missed, added], [
      ["getThing", 404],
      ["getThing", 500],
    ]),
    [
      "getThing: 404 is exempt, and a test sees it: remove the exemption",
      "getThing: 500 is exempt, and not documented: remove the exemption",
    ],
  );
});
