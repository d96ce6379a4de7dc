import * as v from "valibot";
import { cleanText, type TextProblem } from "../../src/kernel/text.ts";
import { SLUG, slugOf } from "./slug.ts";

/** What was typed is not what the command takes. The message is one line and never repeats the value. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

const PROBLEMS: Readonly<Record<TextProblem, string>> = {
  "nul": "must not contain a NUL character",
  "control-character": "must not contain line breaks or control characters",
  "lone-surrogate": "is not well-formed text",
};

const MAX_NAME = 200;
const MAX_EMAIL = 254;

const Name = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const cleaned = cleanText(dataset.value);
    if ("text" in cleaned) return cleaned.text;
    addIssue({ message: PROBLEMS[cleaned.problem] });
    return NEVER;
  }),
  v.check((name) => {
    const length = [...name].length;
    return length >= 1 && length <= MAX_NAME;
  }, `must be 1 to ${MAX_NAME} characters`),
);

const Email = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(MAX_EMAIL, `must be at most ${MAX_EMAIL} characters`),
  v.email("must be an e-mail address, such as lyon@clinic.fr"),
);

/** Written by people with spaces and dots; kept in E.164 form. */
const Phone = v.pipe(
  v.string(),
  v.transform((text) => text.replaceAll(/[ .\u00a0\u202f()-]/g, "")),
  v.regex(
    /^\+[1-9]\d{6,14}$/,
    "must be in international form, such as +33456789012",
  ),
);

const Slug = v.pipe(
  v.string(),
  v.regex(SLUG, "must be 3 to 63 of a-z, 0-9 and -, with no - at either end"),
);

const ClinicArguments = v.object({
  name: Name,
  email: Email,
  phone: v.optional(Phone),
  slug: v.optional(Slug),
  adminEmail: v.optional(Email),
});

/** A clinic as the operator wants it. */
export interface WantedClinic {
  readonly name: string;
  readonly slug: string;
  readonly email: string;
  readonly phone: string | null;
  /** Of the first account. */
  readonly adminEmail: string;
}

/**
 * Checks the options of `clinic create`. A short name that was not given is made of the name, the first account's
 * address is the clinic's.
 * @throws {ArgumentError} that names the option
 */
export function readClinicArguments(options: unknown): WantedClinic {
  const checked = check(ClinicArguments, options);
  const { name, email, phone = null, adminEmail = email } = checked;
  const slug = checked.slug ?? slugOf(name);
  if (slug === undefined) {
    throw new ArgumentError(
      "--slug is missing: no short name can be made of this --name",
    );
  }
  return { name, slug, email, phone, adminEmail };
}

const PlatformUserArguments = v.object({ name: Name, email: Email });

/**
 * Checks the options of `platform-user create`.
 * @throws {ArgumentError} that names the option
 */
export function readPlatformUserArguments(
  options: unknown,
): v.InferOutput<typeof PlatformUserArguments> {
  return check(PlatformUserArguments, options);
}

const PlatformUserChange = v.object({ name: v.optional(Name) });

/** The same for `platform-user change`. @throws {ArgumentError} */
export function readPlatformUserChange(
  options: unknown,
): v.InferOutput<typeof PlatformUserChange> {
  return check(PlatformUserChange, options);
}

function check<const TSchema extends v.GenericSchema>(
  schema: TSchema,
  options: unknown,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, options, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const option = optionName(String(issue.path?.[0]?.key ?? "option"));
  throw new ArgumentError(
    issue.received === "undefined"
      ? `${option} is missing`
      : `${option} ${issue.message}`,
  );
}

/** `adminEmail` is `--admin-email`. */
function optionName(member: string): string {
  return `--${member.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}
