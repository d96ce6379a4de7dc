import type { ClinicVault } from "../crypto/clinic_vault.ts";
import { type CursorPosition, openCursor, sealCursor } from "./cursor.ts";

export const DEFAULT_LIMIT = 20;

export interface PageRequest {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** What a query needs to fetch one page and to know whether another follows. */
export interface PageWindow {
  readonly after: CursorPosition | undefined;
  /** One more than the page shows. */
  readonly fetch: number;
}

/** Reads where a page begins. @throws {AppError} `invalid-cursor` */
export function openPage(
  vault: ClinicVault,
  binding: string,
  request: PageRequest,
): PageWindow {
  return {
    after: request.cursor === undefined
      ? undefined
      : openCursor(vault, binding, request.cursor),
    fetch: (request.limit ?? DEFAULT_LIMIT) + 1,
  };
}

export interface Page<Item> {
  readonly data: Item[];
  readonly page: { readonly nextCursor: string | null; readonly limit: number };
}

/** Cuts what was fetched to a page, with the cursor of the next one if there is one. */
export function closePage<Row, Item>(
  vault: ClinicVault,
  binding: string,
  window: PageWindow,
  rows: readonly Row[],
  positionOf: (row: Row) => CursorPosition,
  toItem: (row: Row) => Item,
): Page<Item> {
  const limit = window.fetch - 1;
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined
    ? sealCursor(vault, binding, positionOf(last))
    : null;
  return { data: shown.map(toItem), page: { nextCursor, limit } };
}
