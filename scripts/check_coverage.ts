// Says what of the OpenAPI document a whole run of the tests has not exercised.

/** A status that no test can, or need, provoke. The list may only shrink. */
interface Exemption {
  readonly operation: string;
  readonly status: number;
  readonly reason: string;
}

/** Operations that take a secret of 256 bits, which nobody guesses: nothing limits them, and one day something may. */
const UNLIMITED = [
  "acceptInvitation",
  "logout",
  "logoutOfPlatform",
  "refreshPlatformSession",
  "refreshSession",
  "resetPassword",
];

export const EXEMPTIONS: readonly Exemption[] = UNLIMITED.map((operation) => ({
  operation,
  status: 429,
  reason: "no limit of its own; clients must be ready for one",
}));

type RecordLine =
  | { documented: Record<string, number[]> }
  | { operation: string; status: number }
  | { violation: string };

/**
 * Reads what the recorder of the tests wrote.
 * @param folder what `CLOISON_TEST_RECORDS` named during the run
 * @returns sentences; none when every status that is documented was seen and no other
 */
export function checkCoverage(
  folder: string,
  exemptions: readonly Exemption[] = EXEMPTIONS,
): string[] {
  const documented = new Map<string, Set<number>>();
  const seen = new Map<string, Set<number>>();
  const failures: string[] = [];
  for (const line of readLines(folder)) {
    if ("violation" in line) failures.push(line.violation);
    else if ("operation" in line) add(seen, line.operation, [line.status]);
    else {
      for (const [operation, statuses] of Object.entries(line.documented)) {
        add(documented, operation, statuses);
      }
    }
  }
  if (documented.size === 0) return [`No test left a record in ${folder}`];
  for (const [operation, statuses] of documented) {
    const met = seen.get(operation);
    if (!met) failures.push(`${operation}: no test calls it`);
    else {
      failures.push(...compare(operation, statuses, met, exemptions));
    }
  }
  return [...new Set(failures)].sort();
}

function compare(
  operation: string,
  documented: ReadonlySet<number>,
  seen: ReadonlySet<number>,
  exemptions: readonly Exemption[],
): string[] {
  const exempt = new Set(
    exemptions.filter((each) => each.operation === operation)
      .map(({ status }) => status),
  );
  return [
    ...[...documented.difference(seen).difference(exempt)].map((status) =>
      `${operation}: ${status} is documented, and no test sees it`
    ),
    ...[...seen.difference(documented)].map((status) =>
      `${operation}: ${status} was seen, and is not documented`
    ),
    ...[...exempt.intersection(seen)].map((status) =>
      `${operation}: ${status} is exempt, and a test sees it: remove the exemption`
    ),
    ...[...exempt.difference(documented)].map((status) =>
      `${operation}: ${status} is exempt, and not documented: remove the exemption`
    ),
  ];
}

function* readLines(folder: string): Generator<RecordLine> {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".jsonl")) continue;
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    for (const line of text.trimEnd().split("\n")) yield JSON.parse(line);
  }
}

function add(
  map: Map<string, Set<number>>,
  operation: string,
  statuses: readonly number[],
): void {
  const known = map.get(operation) ?? new Set();
  for (const status of statuses) known.add(status);
  map.set(operation, known);
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) throw new Error("Name the folder of the records");
  const failures = checkCoverage(folder);
  for (const failure of failures) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${failure}\n`));
  }
  Deno.exit(failures.length === 0 ? 0 : 1);
}
