/** Why something of a person is erased or kept, in words. The codes are the schema's. */
export const GROUNDS = {
  "request":
    "GDPR art. 17(1): nothing obliges the clinic to keep it, and so it goes",
  "medical-record":
    "Code de la santé publique, art. R1112-7: 20 years after the last visit, and until the 28th birthday of who was a child; GDPR art. 17(3)(b) and (c)",
  "accounting":
    "Code de commerce, art. L123-22: 10 years after the business year; GDPR art. 17(3)(b)",
  "accountability":
    "GDPR art. 5(2) and 17(3)(e): who did what, by ids alone, as long as the trail is kept",
  "no-identity":
    "GDPR art. 17(1) and recital 26: what is left of it, without a text and without a person, is about the clinic's work",
} as const;

export type GroundCode = keyof typeof GROUNDS;

export const GROUND_CODES = Object.keys(GROUNDS) as [
  GroundCode,
  ...GroundCode[],
];
