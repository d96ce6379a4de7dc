import { z } from "@hono/zod-openapi";
import {
  DATA_ACCESSES,
  DATA_CATEGORIES,
} from "../../../audit/line_meanings.ts";
import { MAX_NETWORK, networksOf } from "../../../audit/networks.ts";
import {
  cursorText,
  id,
  instant,
  integer,
  label,
  orNull,
  PageSchema,
} from "../../../http/schemas.ts";

const MAX = 2_147_483_647;

function count(description: string, example: number): z.ZodInt {
  return integer({ min: 0, max: MAX, description, example });
}

const network = z.string().max(MAX_NETWORK).superRefine((value, context) => {
  if (networksOf(value)) return;
  context.addIssue({
    code: "custom",
    params: { code: "network" },
    message: "must be an address or a network, such as 192.0.2.0/24",
  });
}).openapi({
  minLength: 2,
  pattern: "^[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$",
  description: "Only what came from this address or network (CIDR)",
  example: "192.0.2.0/24",
});

export const BreachQuerySchema = z.strictObject({
  from: instant("When it may have begun"),
  to: instant("Before this instant; up to now unless told").optional(),
  actorId: id("Only what one member of the staff did, or somebody as them")
    .optional(),
  sessionId: id("Only what was done in one session").optional(),
  network: network.optional(),
  limit: integer({
    min: 1,
    max: 100,
    description: "How many patients a page has; 20 unless told",
    example: 20,
  }).optional(),
  cursor: cursorText.optional(),
}).openapi("BreachQuery", {
  description: "Which lines of the trail a breach is about",
  example: {
    from: "2026-01-12T18:00:00Z",
    to: "2026-01-13T07:30:00Z",
    network: "192.0.2.0/24",
    limit: 20,
  },
});

const span = {
  lines: count("Lines of the trail", 12),
  firstAt: orNull(instant("The first of them")),
  lastAt: orNull(instant("The last of them")),
};

const category = z.enum(DATA_CATEGORIES).openapi({
  description: "A kind of data",
  example: "health-records",
});

const kinds = {
  read: count("Lines that read", 10),
  changed: count("Lines that changed", 1),
  exported: count("Lines that made a file", 1),
};

const AccessCountSchema = z.strictObject({
  access: z.enum(DATA_ACCESSES).openapi({
    description: "What was done; `exported` made a file",
  }),
  persons: count("Patients whom it concerned, as far as lines name them", 3),
  ...span,
}).openapi("BreachAccess", { description: "What was done with data" });

const CategoryCountSchema = z.strictObject({
  category,
  persons: count("Patients whom lines name", 3),
  ...kinds,
  unnamed: count("Of the lines, those that showed patients and name none", 2),
  ...span,
}).openapi("BreachCategory", { description: "What was done with one kind" });

const ListCountSchema = z.strictObject({
  action: label({
    max: 100,
    pattern: "^[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*$",
    description: "Which list; more may come",
    example: "patient.search",
  }),
  ...span,
}).openapi("BreachList", { description: "A list that was read" });

const TouchedPatientSchema = z.strictObject({
  patientId: id(
    "The patient, as the line names them: of merged files each counts, and so does an id that was asked for in vain",
  ),
  categories: z.array(category).max(DATA_CATEGORIES.length).openapi({
    description: "Which kinds of data",
  }),
  ...kinds,
  ...span,
}).openapi("TouchedPatient", {
  description: "A patient whose data were touched",
});

export const BreachExtentSchema = z.strictObject({
  from: instant("As it was asked for"),
  to: instant("As it was asked for, or when it was asked"),
  persons: count("Patients whom lines name", 3),
  ...span,
  refused: count("Requests that were refused; they are no access", 4),
  accesses: z.array(AccessCountSchema).max(DATA_ACCESSES.length).openapi({
    description: "By what was done",
  }),
  categories: z.array(CategoryCountSchema).max(DATA_CATEGORIES.length)
    .openapi({ description: "By kind of data" }),
  lists: z.strictObject({
    lines: count("Lines that showed lists, or results of a search", 2),
    extent: z.enum(["none", "unknown"]).openapi({
      description:
        "`unknown` when there are such lines: the trail does not say whom they showed, and it may have been every patient of the clinic",
    }),
    actions: z.array(ListCountSchema).max(200).openapi({
      description: "Which lists",
    }),
  }).openapi("BreachLists", {
    description: "What was read without a line that names the patients",
  }),
  data: z.array(TouchedPatientSchema).max(100).openapi({
    description: "The patients, by id",
  }),
  page: PageSchema,
}).openapi("BreachExtent", {
  description:
    "Whom a breach touched: what the trail names, and what it cannot name",
});

export type BreachExtentView = z.infer<typeof BreachExtentSchema>;
