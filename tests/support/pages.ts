import { equal } from "node:assert/strict";
import type { Client, Json } from "./client.ts";

/** Everything in a list, from its first page to its last. @param path with the query of the first page */
export async function everyItem(client: Client, path: string): Promise<Json[]> {
  const items: Json[] = [];
  let next: string | null = path;
  while (next !== null) {
    const page = await client.get(next);
    equal(page.status, 200, page.text);
    items.push(...page.body.data);
    const link = page.headers.get("link");
    equal(link !== null, page.body.page.nextCursor !== null);
    next = link && /^<(.+)>; rel="next"$/.exec(link)![1]!;
  }
  return items;
}

export async function everyId(
  client: Client,
  path: string,
): Promise<string[]> {
  return (await everyItem(client, path)).map(({ id }) => id);
}
