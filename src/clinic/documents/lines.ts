import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { isVat } from "../../http/money.ts";
import { AppError, type Violation } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import type { WriteTx } from "../../tenancy/clinic_db.ts";
import {
  findSoldItems,
  type LineRow,
  type LineValues,
  type SoldItemRow,
} from "./line_queries.ts";
import type { DiscountMember, LineInput } from "./line_schemas.ts";
import { descriptionPlace } from "./sealed_places.ts";
import { type Discount, lineNetCents, type PricedLine } from "./totals.ts";

/** A line before it has a row of its own. */
export interface Line extends LineValues {
  readonly description: string;
}

/** Where a discount stands in SQL. */
export function discountColumns(
  discount: DiscountMember | null | undefined,
): Pick<LineValues, "discount_basis_points" | "discount_cents"> {
  return {
    discount_basis_points: discount?.kind === "percent"
      ? discount.basisPoints
      : null,
    discount_cents: discount?.kind === "amount" ? discount.cents : null,
  };
}

export function discountOf(
  row: Pick<LineValues, "discount_basis_points" | "discount_cents">,
): Discount | null {
  if (row.discount_basis_points !== null) {
    return { kind: "percent", basisPoints: row.discount_basis_points };
  }
  return row.discount_cents === null
    ? null
    : { kind: "amount", cents: row.discount_cents };
}

export function priced(line: LineValues): PricedLine {
  return {
    quantityThousandths: thousandths(line.quantity),
    unitPriceCents: line.unit_price_cents,
    discount: discountOf(line),
    vatCategory: line.vat_category,
    vatRate: line.vat_rate,
  };
}

/** A decimal number of at most three decimals, as a whole number of thousandths. */
export function thousandths(quantity: string): number {
  const [whole = "0", decimals = ""] = quantity.split(".");
  return Number(whole) * 1_000 + Number(decimals.padEnd(3, "0"));
}

/**
 * Completes what a client sent from the catalogue.
 * @throws {AppError} `invalid-request` naming every member that is wrong or missing
 */
export async function completeLines(
  tx: WriteTx,
  inputs: readonly LineInput[],
): Promise<Line[]> {
  const named = inputs.flatMap(({ catalogueItemId }) => catalogueItemId ?? []);
  const items = named.length === 0 ? [] : await findSoldItems(tx, named);
  const byId = new Map(items.map((item) => [item.id, item]));
  const violations: Violation[] = [];
  const lines = inputs.map((input, index) => {
    const { catalogueItemId } = input;
    const item = catalogueItemId
      ? byId.get(catalogueItemId.toLowerCase())
      : undefined;
    const line = completed(input, item);
    for (const [member, code, detail] of wrongIn(input, item, line)) {
      const pointer = `#/lines/${index}/${member}`;
      violations.push({ pointer, code, detail });
    }
    return line;
  });
  if (violations.length > 0) throw invalid(violations.slice(0, 50));
  return lines;
}

function completed(input: LineInput, item: SoldItemRow | undefined): Line {
  return {
    catalogue_item_id: item?.id ?? null,
    description: input.description ?? item?.title ?? "",
    quantity: input.quantity ?? "1",
    unit_price_cents: input.unitPriceCents ?? item?.unit_price_cents ?? 0,
    ...discountColumns(input.discount),
    vat_category: input.vatCategory ?? item?.vat_category ?? "standard",
    vat_rate: input.vatRateBasisPoints ?? item?.vat_rate ?? 0,
    // What the catalogue says of an act, no line takes back.
    aesthetic: (item?.aesthetic ?? false) || (input.aesthetic ?? false),
  };
}

function* wrongIn(
  input: LineInput,
  item: SoldItemRow | undefined,
  line: Line,
): Generator<[member: string, code: string, detail: string]> {
  if (input.catalogueItemId && !item) {
    yield ["catalogueItemId", "not-found", "is not on offer"];
    return;
  }
  if (!item) {
    const needed = ["description", "unitPriceCents", "vatCategory"] as const;
    const missing = needed.filter((member) => input[member] === undefined);
    for (const member of missing) {
      yield [member, "required", "is needed without an item of the catalogue"];
    }
    if (missing.length > 0) return;
  }
  if (!isVat(line.vat_category, line.vat_rate)) {
    yield ["vatRateBasisPoints", "mismatch", "must be 0 if exempt, only then"];
  }
  const net = lineNetCents(priced(line));
  if (net < 0) {
    yield ["discount", "discount-exceeds-line", "is greater than the line"];
  }
  if (net > MAX_LINE_CENTS) {
    yield ["quantity", "amount-too-big", "makes the line too big"];
  }
}

const MAX_LINE_CENTS = 999_999_999;

/** Seals what a line says, each to a row of its own. */
export function sealLines(
  vault: ClinicVault,
  lines: readonly Line[],
): (LineValues & Pick<LineRow, "id" | "description_sealed">)[] {
  return lines.map((line) => {
    const id = uuidv7();
    const description_sealed = vault.sealText(
      descriptionPlace(id),
      line.description,
    );
    return { ...line, id, description_sealed };
  });
}

export function openDescription(vault: ClinicVault, row: LineRow): string {
  return vault.openText(descriptionPlace(row.id), row.description_sealed);
}

export function invalid(violations: readonly Violation[]): AppError {
  return new AppError("invalid-request", "The request is not valid", {
    violations,
  });
}
