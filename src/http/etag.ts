import { AppError } from "../kernel/errors.ts";

/** A condition on a row's version, to be decided in the SQL of the change. */
export type VersionCondition =
  | { readonly any: true }
  | { readonly any: false; readonly versions: readonly number[] };

const STRONG_TAG = /^"([1-9]\d{0,8})"$/;

/** The strong entity tag of a row's version (RFC 9110 section 8.8.3). */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * Reads `If-Match` (RFC 9110 section 13.1.1). A weak tag never matches; a tag that is not ours matches nothing.
 * @throws {AppError} `precondition-required` when it is absent
 */
export function requireIfMatch(header: string | undefined): VersionCondition {
  const tags = requireTag(header);
  if (tags.trim() === "*") return { any: true };
  return { any: false, versions: versionsIn(tags) };
}

/**
 * The same for tags that are not versions; `matchesStrongTag` decides.
 * @throws {AppError} `precondition-required`
 */
export function requireTag(header: string | undefined): string {
  if (header !== undefined) return header;
  throw new AppError(
    "precondition-required",
    "This change needs If-Match with the ETag of the resource",
  );
}

/** Whether `If-Match` names this strong tag. */
export function matchesStrongTag(header: string, tag: string): boolean {
  return header.split(",").some((item) =>
    item.trim() === tag || item.trim() === "*"
  );
}

/**
 * For a row that is locked: nobody changes it between this and the change.
 * @throws {AppError} `precondition-failed` unless the condition names its version
 */
export function requireVersion(
  version: number,
  condition: VersionCondition,
): void {
  if (condition.any || condition.versions.includes(version)) return;
  throw new AppError(
    "precondition-failed",
    "It was changed after it had been read",
  );
}

/** Whether `If-None-Match` names this version, so that 304 is the answer. Weak comparison (section 13.1.2). */
export function matchesIfNoneMatch(
  header: string | undefined,
  version: number,
): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" ||
    versionsIn(header.replaceAll("W/", "")).includes(version);
}

function versionsIn(header: string): number[] {
  return header.split(",").flatMap((tag) => {
    const match = STRONG_TAG.exec(tag.trim());
    return match ? [Number(match[1])] : [];
  });
}

/** The same for a tag that is not a version. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  return header !== undefined &&
    header.replaceAll("W/", "").split(",").some((item) =>
      item.trim() === tag || item.trim() === "*"
    );
}
