import type { Context } from "hono";
import type { CreationSort } from "../../http/creation_order.ts";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv } from "../../http/env.ts";
import type { Page } from "../../http/pages.ts";
import { answerPage } from "../../http/sorted_list.ts";
import {
  type DocumentFilter,
  type DocumentRow,
  listDocuments,
} from "./queries.ts";

export interface ListRequest extends Omit<DocumentFilter, "kind"> {
  readonly sort?: CreationSort | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** One page of the documents of a kind; leaves its event, and links the next page. */
export async function answerDocuments<Item>(
  c: Context<ClinicEnv>,
  kind: DocumentFilter["kind"],
  request: ListRequest,
  toItem: (row: DocumentRow) => Item,
): Promise<Page<Item>> {
  const { sort = "-createdAt", limit, cursor, ...filter } = request;
  const { patientId } = filter;
  return await answerPage(
    c,
    cursorBinding(`documents/${kind}`, { sort, ...filter }),
    { limit, cursor },
    (window) =>
      c.var.clinic.readAs(
        { action: "document.list", ...(patientId ? { patientId } : {}) },
        (tx) =>
          listDocuments(tx, c.var.actor, { kind, ...filter }, sort, window),
      ),
    toItem,
  );
}
