import * as v from "valibot";
import { AppError, type Violation } from "../../kernel/errors.ts";
import { cleanText } from "../../kernel/text.ts";
import { CELL_NAME } from "../cell_name.ts";
import type { OperationKind } from "./operation.ts";

const SLUG = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const MAX_GRACE_DAYS = 3_650;
const MAX_BACKUP_DAYS = 36_500;

function text(max: number) {
  return v.pipe(
    v.string("must be text"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const cleaned = cleanText(dataset.value);
      if ("text" in cleaned) return cleaned.text;
      addIssue({ message: "must be one line of well-formed text" });
      return NEVER;
    }),
    v.check((value) => {
      const length = [...value].length;
      return length >= 1 && length <= max;
    }, `must be 1 to ${max} characters`),
  );
}

const Email = v.pipe(
  text(254),
  v.email("must be an e-mail address"),
);

const CreateInput = v.strictObject({
  slug: v.pipe(
    v.string("must be text"),
    v.regex(SLUG, "must be 3 to 63 of a-z, 0-9 and -, with no - at either end"),
  ),
  name: text(200),
  email: Email,
  phone: v.nullable(v.pipe(
    v.string("must be text"),
    v.regex(/^\+[1-9]\d{6,14}$/, "must be in international form"),
  )),
  /** The open cell with the fewest clinics, unless one is named. */
  cell: v.optional(v.pipe(
    v.string("must be text"),
    v.regex(CELL_NAME, "must be the name of a cell"),
  )),
  /** Who gets the first account, by a mailed invitation. */
  admin: v.strictObject({
    email: Email,
    givenNames: text(100),
    familyName: text(100),
  }),
});

const ROTATED = ["database-password", "token-key", "data-key"] as const;

const RotateInput = v.strictObject({
  /** One after the other, in this order; all of them unless told. */
  secrets: v.optional(
    v.pipe(
      v.array(v.picklist(ROTATED, "must be the name of a secret")),
      v.minLength(1, "must name a secret"),
      v.maxLength(ROTATED.length, "must name each secret once"),
    ),
    [...ROTATED],
  ),
});

function days(max: number) {
  return v.optional(v.pipe(
    v.number("must be a number"),
    v.integer("must be a whole number"),
    v.minValue(0, "must not be negative"),
    v.maxValue(max, `must be at most ${max}`),
  ));
}

/** As they were shown; what the worker has unless told. */
const CloseInput = v.strictObject({
  /** Days until the data are removed. */
  graceDays: days(MAX_GRACE_DAYS),
  /** Days for which the last backup is kept then. */
  backupDays: days(MAX_BACKUP_DAYS),
});

const PurgeInput = v.strictObject({
  /** Everything but the backups, or these. */
  what: v.picklist(["clinic", "backups"], "must be clinic or backups"),
  backupDays: days(MAX_BACKUP_DAYS),
});

const Nothing = v.strictObject({});

const INPUTS = {
  create: CreateInput,
  migrate: v.record(v.string(), v.unknown()),
  suspend: Nothing,
  resume: Nothing,
  rotate: RotateInput,
  close: CloseInput,
  purge: PurgeInput,
  retention: Nothing,
} as const;

export type OperationInput<Kind extends OperationKind> = v.InferOutput<
  typeof INPUTS[Kind]
>;

/**
 * What an operation is told, with everything that may be left out.
 * @throws {AppError} `invalid-request`, with a violation for each member that is wrong; no value is repeated
 */
export function readInput<Kind extends OperationKind>(
  kind: Kind,
  input: unknown,
): OperationInput<Kind> {
  const parsed = v.safeParse(INPUTS[kind], input);
  if (parsed.success) return parsed.output as OperationInput<Kind>;
  const violations = parsed.issues.map((issue): Violation => ({
    pointer: `#/${(issue.path ?? []).map(({ key }) => String(key)).join("/")}`,
    code: issue.received === "undefined" ? "required" : "invalid",
    detail: issue.received === "undefined" ? "is missing" : issue.message,
  }));
  throw new AppError(
    "invalid-request",
    `The ${kind} operation cannot be asked for like this: ${
      violations.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ")
    }`,
    { violations },
  );
}
