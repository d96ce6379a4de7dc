import { MAX_CENTS, type VatCategory } from "../../http/money.ts";

/** What is taken off: hundredths of a percent, or cents. */
export type Discount =
  | { readonly kind: "percent"; readonly basisPoints: number }
  | { readonly kind: "amount"; readonly cents: number };

/** What a line's amount hangs on. Prices are without VAT. */
export interface PricedLine {
  /** Thousandths of a unit. */
  readonly quantityThousandths: number;
  readonly unitPriceCents: number;
  readonly discount: Discount | null;
  readonly vatCategory: VatCategory;
  /** Hundredths of a percent. */
  readonly vatRate: number;
}

/** The sums at one VAT category and rate (EN 16931 BG-23, with its share of BG-20). */
export interface VatGroup {
  readonly vatCategory: VatCategory;
  readonly vatRate: number;
  readonly linesCents: number;
  readonly allowanceCents: number;
  /** BT-116 */
  readonly baseCents: number;
  /** BT-117 */
  readonly vatCents: number;
}

/** EN 16931 BG-22, in cents. */
export interface Totals {
  /** BT-106 */
  readonly linesCents: number;
  /** BT-107 */
  readonly allowanceCents: number;
  /** BT-109 */
  readonly netCents: number;
  /** BT-110 */
  readonly vatCents: number;
  /** BT-112 */
  readonly totalCents: number;
  /** By category and rate, in order. */
  readonly groups: readonly VatGroup[];
}

const WHOLE = 10_000n;

/**
 * What is left of quantity times price after the line's discount: BT-131, rounded half up as each of its parts is.
 * Negative when the discount is greater than the line, which no line may be.
 */
export function lineNetCents(line: PricedLine): number {
  const { quantityThousandths, unitPriceCents, discount } = line;
  const gross = rounded(
    BigInt(quantityThousandths) * BigInt(unitPriceCents),
    1_000n,
  );
  return Number(gross - reduction(gross, discount));
}

/**
 * The totals of a document. VAT is rounded once for each rate (BR-CO-17), a discount in cents is spread over the rates by
 * the largest remainder, so that the parts always add up to the whole (BR-CO-10 to BR-CO-15).
 */
export function totalsOf(
  lines: readonly PricedLine[],
  discount: Discount | null,
): Totals {
  const sums = sumsByRate(lines);
  const allowances = spread(sums.map(({ cents }) => cents), discount);
  const groups = sums.map(({ vatCategory, vatRate, cents }, index) => {
    const allowance = allowances[index]!;
    const base = cents - allowance;
    return {
      vatCategory,
      vatRate,
      linesCents: Number(cents),
      allowanceCents: Number(allowance),
      baseCents: Number(base),
      vatCents: Number(rounded(base * BigInt(vatRate), WHOLE)),
    };
  });
  const linesCents = sumOf(groups, "linesCents");
  const allowanceCents = sumOf(groups, "allowanceCents");
  const vatCents = sumOf(groups, "vatCents");
  const netCents = linesCents - allowanceCents;
  return {
    linesCents,
    allowanceCents,
    netCents,
    vatCents,
    totalCents: netCents + vatCents,
    groups,
  };
}

export type TotalsProblem = "discount-exceeds-lines" | "amount-too-big";

/** Why a document with these totals cannot be stored, if it cannot. */
export function totalsProblem(totals: Totals): TotalsProblem | undefined {
  if (totals.allowanceCents > totals.linesCents) {
    return "discount-exceeds-lines";
  }
  const { linesCents, totalCents } = totals;
  return Math.max(linesCents, totalCents) > MAX_CENTS
    ? "amount-too-big"
    : undefined;
}

interface RateSum {
  readonly vatCategory: VatCategory;
  readonly vatRate: number;
  readonly cents: bigint;
}

function sumsByRate(lines: readonly PricedLine[]): RateSum[] {
  const sums = new Map<string, RateSum>();
  for (const line of lines) {
    const { vatCategory, vatRate } = line;
    const key = `${vatCategory} ${String(vatRate).padStart(5, "0")}`;
    const before = sums.get(key)?.cents ?? 0n;
    const cents = before + BigInt(lineNetCents(line));
    sums.set(key, { vatCategory, vatRate, cents });
  }
  return [...sums].sort(([a], [b]) => a < b ? -1 : 1).map(([, sum]) => sum);
}

/** The share of each part in a discount. */
function spread(
  parts: readonly bigint[],
  discount: Discount | null,
): bigint[] {
  if (discount?.kind !== "amount") {
    return parts.map((part) => reduction(part, discount));
  }
  const whole = parts.reduce((sum, part) => sum + part, 0n) || 1n;
  const amount = BigInt(discount.cents);
  const shares = parts.map((part) => part * amount / whole);
  const left = Number(
    amount - shares.reduce((sum, share) => sum + share, 0n),
  );
  const byRemainder = parts.map((part, index) => ({
    index,
    remainder: part * amount % whole,
  })).sort((a, b) => Number(b.remainder - a.remainder) || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) {
    shares[index] = shares[index]! + 1n;
  }
  return shares;
}

function reduction(amount: bigint, discount: Discount | null): bigint {
  switch (discount?.kind) {
    case "percent":
      return rounded(amount * BigInt(discount.basisPoints), WHOLE);
    case "amount":
      return BigInt(discount.cents);
    default:
      return 0n;
  }
}

/** Half up; what is divided here is never negative. */
function rounded(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

function sumOf(
  groups: readonly VatGroup[],
  member: "linesCents" | "allowanceCents" | "vatCents",
): number {
  return groups.reduce((sum, group) => sum + group[member], 0);
}
