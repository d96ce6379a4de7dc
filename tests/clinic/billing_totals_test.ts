import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  type Discount,
  lineNetCents,
  type PricedLine,
  totalsOf,
  totalsProblem,
} from "../../src/clinic/documents/totals.ts";

const vat = fc.oneof(
  fc.constant({ vatCategory: "exempt_care" as const, vatRate: 0 }),
  fc.constantFrom(210, 550, 1_000, 2_000).map((vatRate) => ({
    vatCategory: "standard" as const,
    vatRate,
  })),
);

const percent = fc.integer({ min: 1, max: 10_000 }).map(
  (basisPoints): Discount => ({ kind: "percent", basisPoints }),
);

const line: fc.Arbitrary<PricedLine> = fc.record({
  quantityThousandths: fc.integer({ min: 1, max: 99_999_999 }),
  unitPriceCents: fc.integer({ min: 0, max: 99_999_999 }),
  discount: fc.option(percent, { nil: null }),
  rate: vat,
}).map(({ rate, ...rest }) => ({ ...rest, ...rate }));

const lines = fc.array(line, { minLength: 1, maxLength: 40 });

/** A discount that the lines can bear. */
function discountOf(whole: number): fc.Arbitrary<Discount | null> {
  const amount = fc.integer({ min: 1, max: Math.max(1, whole) }).map(
    (cents): Discount => ({ kind: "amount", cents }),
  );
  return fc.option(whole === 0 ? percent : fc.oneof(percent, amount), {
    nil: null,
  });
}

const documents = lines.chain((each) =>
  fc.record({
    lines: fc.constant(each),
    discount: discountOf(totalsOf(each, null).linesCents),
  })
);

Deno.test("billing totals: the parts always add up to the whole, and nothing is negative", () => {
  fc.assert(
    fc.property(documents, ({ lines, discount }) => {
      const totals = totalsOf(lines, discount);
      const { linesCents, allowanceCents, netCents, vatCents } = totals;
      const nets = lines.map(lineNetCents);
      equal(linesCents, sum(nets)); // BR-CO-10
      equal(netCents, linesCents - allowanceCents); // BR-CO-13
      equal(netCents, sum(totals.groups.map(({ baseCents }) => baseCents)));
      equal(vatCents, sum(totals.groups.map((group) => group.vatCents))); // BR-CO-14
      equal(totals.totalCents, netCents + vatCents); // BR-CO-15
      if (discount?.kind === "amount") equal(allowanceCents, discount.cents);
      for (const group of totals.groups) {
        ok(group.baseCents >= 0);
        ok(group.allowanceCents >= 0);
        equal(group.vatCents, vatByText(group.baseCents, group.vatRate));
      }
      ok(totalsProblem(totals) !== "discount-exceeds-lines");
    }),
    { numRuns: 500 },
  );
});

Deno.test("billing totals: the order of the lines changes nothing", () => {
  fc.assert(
    fc.property(documents, ({ lines, discount }) => {
      deepEqual(
        totalsOf(lines.toReversed(), discount),
        totalsOf(lines, discount),
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("billing totals: a discount of 100 % leaves nothing to pay", () => {
  fc.assert(
    fc.property(lines, (each) => {
      const all: Discount = { kind: "percent", basisPoints: 10_000 };
      equal(totalsOf(each, all).totalCents, 0);
    }),
    { numRuns: 100 },
  );
});

Deno.test("billing totals: half a cent is rounded up, once for each rate and not for each line", () => {
  const tiny: PricedLine = {
    quantityThousandths: 1_000,
    unitPriceCents: 52,
    discount: null,
    vatCategory: "standard",
    vatRate: 2_000,
  };
  // 10.4 cents of VAT each; 31.2 for three, where rounding line by line gives 30.
  equal(totalsOf([tiny], null).vatCents, 10);
  equal(totalsOf([tiny, tiny, tiny], null).vatCents, 31);
  equal(
    lineNetCents({ ...tiny, quantityThousandths: 1_500, unitPriceCents: 1 }),
    2,
  );
  equal(
    lineNetCents({
      ...tiny,
      unitPriceCents: 5,
      discount: { kind: "percent", basisPoints: 1_000 },
    }),
    4,
  );
});

Deno.test("billing totals: a discount in cents is spread over the rates, the odd cent to the largest remainder", () => {
  const at = (vatRate: number, unitPriceCents: number): PricedLine => ({
    quantityThousandths: 1_000,
    unitPriceCents,
    discount: null,
    vatCategory: vatRate === 0 ? "exempt_care" : "standard",
    vatRate,
  });
  const { groups } = totalsOf(
    [at(0, 100), at(1_000, 100), at(2_000, 101)],
    { kind: "amount", cents: 100 },
  );
  deepEqual(groups.map((each) => each.allowanceCents), [33, 33, 34]);
});

Deno.test("billing totals: a discount greater than the lines, and sums beyond the limit, are named", () => {
  const one: PricedLine = {
    quantityThousandths: 99_999_999,
    unitPriceCents: 9_000,
    discount: null,
    vatCategory: "standard",
    vatRate: 2_000,
  };
  const much = totalsOf([one], null);
  equal(much.linesCents, 899_999_991);
  equal(totalsProblem(much), "amount-too-big");
  const little = totalsOf([{ ...one, quantityThousandths: 1 }], {
    kind: "amount",
    cents: 10,
  });
  equal(totalsProblem(little), "discount-exceeds-lines");
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

/** Base times rate, rounded half up by hand on the decimal digits: another way to the same number. */
function vatByText(baseCents: number, rate: number): number {
  const digits = (BigInt(baseCents) * BigInt(rate)).toString().padStart(5, "0");
  const whole = Number(digits.slice(0, -4));
  return Number(digits.at(-4)) >= 5 ? whole + 1 : whole;
}
