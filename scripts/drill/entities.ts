import { isUuid } from "../../src/kernel/ids.ts";
import { ask } from "./api_client.ts";
import { type Operation, PARAMETER } from "./document.ts";

/** One id of everything that is in a clinic, by the path of the list that shows it: `/v1/patients`. */
export type Entities = ReadonlyMap<string, string>;

/** Goes through all lists of the document, those inside of what was found included. */
export async function findEntities(
  api: string,
  operations: readonly Operation[],
  token: string,
): Promise<Entities> {
  const found = new Map<string, string>();
  const lists = operations.filter(({ list }) => list)
    .sort((a, b) => depthOf(a) - depthOf(b));
  for (const list of lists) {
    const path = fillPath(list, (collection) => found.get(collection));
    if (path === undefined) continue;
    const { status, body } = await ask(api, path + list.query, { token });
    const id = status === 200 ? body.data?.[0]?.id : undefined;
    if (typeof id === "string" && isUuid(id)) found.set(list.path, id);
  }
  return found;
}

/**
 * The path with its parameters filled in. What names no entity, like a week, is as in the document.
 * @param idOf an id of the list at a path
 * @returns `undefined` when there is none
 */
export function fillPath(
  { path, examples }: Operation,
  idOf: (collection: string) => string | undefined,
): string | undefined {
  let missing = false;
  const filled = path.replaceAll(PARAMETER, (parameter, at: number) => {
    const example = examples.get(parameter);
    if (example !== undefined) return example;
    const id = idOf(path.slice(0, at - 1));
    missing ||= id === undefined;
    return id ?? "";
  });
  return missing ? undefined : filled;
}

function depthOf({ path }: Operation): number {
  return path.match(PARAMETER)?.length ?? 0;
}
