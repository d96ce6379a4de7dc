import { z } from "@hono/zod-openapi";

export const EXAMPLE_ID = "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b";
const EXAMPLE_CURSOR = "VGhpcyBpcyBhIG1hZGUtdXAgY3Vyc29yLCBmb3IgdGhlIGRvY3M";

/** A UUID; new ones are version 7 (RFC 9562). Any version is taken: an id that was never given is not found. */
export function id(description: string): z.ZodType<string, string> {
  return z.guid().openapi({
    format: "uuid",
    minLength: 36,
    maxLength: 36,
    description,
    example: EXAMPLE_ID,
  });
}

/** An instant in UTC, RFC 3339, to the microsecond. */
export function instant(description: string): z.ZodType<string, string> {
  return z.iso.datetime({ offset: true }).openapi({
    minLength: 20,
    maxLength: 35,
    description,
    example: "2026-03-29T01:30:00.123456Z",
  });
}

export interface IntegerOptions {
  readonly min: number;
  readonly max: number;
  readonly description: string;
  readonly example?: number;
}

/** A whole number of 32 bits. */
export function integer(options: IntegerOptions): z.ZodInt {
  const { min, max, description, example } = options;
  return z.int().min(min).max(max).openapi({
    format: "int32",
    description,
    ...(example === undefined ? {} : { example }),
  });
}

export interface LabelOptions {
  readonly max: number;
  readonly description: string;
  readonly example?: string;
  /** Regular expression, without flags. */
  readonly pattern?: string;
}

/** A short text that this API makes, in answers only. What clients send is `text()`. */
export function label(options: LabelOptions): z.ZodString {
  const { max, description, example, pattern = "\\S" } = options;
  return z.string().min(1).max(max).regex(new RegExp(pattern)).openapi({
    description,
    ...(example === undefined ? {} : { example }),
  });
}

/** `X` or null. Not `.nullable()`: on a registered schema that publishes a document in which null is invalid. */
export function orNull<S extends z.ZodType>(
  schema: S,
): z.ZodUnion<readonly [S, z.ZodNull]> {
  return z.union([schema, z.null()]);
}

/** Digits only: `z.coerce` would also take `0x10`, `1e1` and the empty text. */
export const limitParameter = z.string().regex(
  /^([1-9]|[1-9]\d|100)$/,
  "must be a whole number from 1 to 100",
).transform(Number).optional().openapi({
  type: "integer",
  format: "int32",
  minimum: 1,
  maximum: 100,
  default: 20,
  description: "How many items a page has",
  example: 20,
  param: { name: "limit", in: "query" },
});

export const cursorText = z.string().min(1).max(2048).regex(
  /^[A-Za-z0-9_-]+$/,
  "must be a cursor that this API gave",
).openapi({
  description: "`page.nextCursor` of the page before",
  example: EXAMPLE_CURSOR,
});

export const cursorParameter = cursorText.optional().openapi({
  param: { name: "cursor", in: "query" },
});

export const PageSchema = z.strictObject({
  nextCursor: orNull(cursorText).openapi({
    description: "Send it as `cursor` for the next page; null on the last one",
    example: EXAMPLE_CURSOR,
  }),
  limit: integer({
    min: 1,
    max: 100,
    description: "How many items a page has; the last one may have fewer",
    example: 20,
  }),
}).openapi("Page", { description: "Where a list goes on" });

/** `{data, page}`: what every list answers. */
export function pageOf<S extends z.ZodType>(
  item: S,
  name: string,
  description: string,
): z.ZodObject<{ data: z.ZodArray<S>; page: typeof PageSchema }> {
  return z.strictObject({
    data: z.array(item).max(100).openapi({ description: "In order" }),
    page: PageSchema,
  }).openapi(name, { description }) as never;
}

const TAG = '"3"';

/** Header of every response that shows one versioned resource. */
export const etagHeader = z.object({
  etag: z.string().openapi({
    description: "Version of the resource, for If-Match and If-None-Match",
    pattern: '^"[0-9]{1,9}"$',
    maxLength: 11,
    example: TAG,
  }),
});

/** Headers of a response that shows what was just made. */
export function createdHeaders(example: string): z.ZodObject {
  return etagHeader.extend({
    location: z.string().openapi({
      description: "Path of what was made",
      pattern: "^/v1/",
      maxLength: 500,
      example,
    }),
  });
}

/** Headers of a page of a list. */
export const pageHeaders = z.object({
  link: z.string().optional().openapi({
    description: "The next page (RFC 8288); absent on the last one",
    pattern: '^<[^>]+>; rel="next"$',
    maxLength: 4096,
    example: `</v1/patients?cursor=${EXAMPLE_CURSOR}>; rel="next"`,
  }),
});

/** Optional for the validator, so that its absence is 428 and not 422; required for who generates a client. */
export const ifMatchHeader = z.object({
  "If-Match": z.string().max(500).optional().openapi({
    description:
      "ETag that was read. Without it the answer is 428; if the resource has changed since, 412",
    example: TAG,
    param: { name: "If-Match", in: "header", required: true },
  }),
});

export const ifNoneMatchHeader = z.object({
  "If-None-Match": z.string().max(500).optional().openapi({
    description:
      "ETag that the client has; 304 is the answer if it still holds",
    example: TAG,
  }),
});
