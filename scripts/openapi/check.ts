import type { Node } from "../../src/http/document/openapi_nodes.ts";
import { breakingChanges } from "./breaking_changes.ts";

/** A breaking change that is meant, in `DECLARED_PATH`. */
export interface DeclaredChange {
  /** As the check says it. */
  readonly change: string;
  readonly reason: string;
}

export const DECLARED_PATH = ".github/openapi_breaking_changes.json";

/** What is wrong with a new document; nothing if it may be published. */
export function findings(
  present: string,
  earlier: string | undefined,
  declared: readonly DeclaredChange[],
): string[] {
  const changes = earlier === undefined
    ? []
    : breakingChanges(JSON.parse(earlier) as Node, JSON.parse(present) as Node);
  const reasons = new Map(
    declared.map(({ change, reason }) => [change, reason.trim()]),
  );
  return [
    ...changes.filter((change) => !reasons.get(change))
      .map((change) => `Breaks clients and is not declared: ${change}`),
    ...[...reasons.keys()].filter((change) => !changes.includes(change))
      .map((change) => `Is declared and breaks nothing, remove: ${change}`),
  ];
}
