import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { BREACH_STATES } from "./queries.ts";

const MAX_HOURS = 10_000_000;

function stateOf(description: string) {
  return z.enum(BREACH_STATES).openapi({ description, example: "open" });
}

const written = (max: number, description: string) =>
  z.string().min(1).max(max).openapi({
    description,
    pattern: "^[^\\u0000]*$",
    example: "Un poste du secrétariat a été volé, session ouverte.",
  });

const BreachChangeSchema = z.strictObject({
  version: integer({
    min: 1,
    max: 1_000_000,
    description: "Counts the changes",
    example: 1,
  }),
  at: instant("When it was made"),
  state: stateOf("What the breach was then"),
  changedBy: orNull(id("The platform user; null for an operator's command")),
}).openapi("BreachChange", { description: "A change of the register" });

export const BreachSchema = z.strictObject({
  id: id("The breach"),
  state: stateOf(
    "`notified` when the CNIL was told, `closed` when nothing is left to be done",
  ),
  discoveredAt: instant("When it was noticed"),
  dueAt: instant("72 hours later: until then the CNIL is to be told"),
  hoursLeft: orNull(integer({
    min: -MAX_HOURS,
    max: MAX_HOURS,
    description: "Whole hours until then; below 0 when it has passed",
    example: 41,
  })).openapi({
    description:
      "Whole hours until then; below 0 when it has passed, null when nobody waits for a notification any more",
  }),
  overdue: z.boolean().openapi({
    description: "Whether the notification comes, or came, too late",
    example: false,
  }),
  description: written(4_000, "What happened, in words; no patient's data"),
  clinicIds: z.array(id("A clinic that is concerned")).max(10_000).openapi({
    description: "The clinics that are concerned",
  }),
  cnilReference: orNull(label({
    max: 100,
    description: "What the CNIL calls the notification",
    example: "NOT-2026-004217",
  })),
  notifiedAt: orNull(instant("When the CNIL was told")),
  notNotifiedBecause: orNull(
    written(1_000, "Why one that is no risk for anybody was not notified"),
  ),
  informedAt: orNull(instant("When the persons concerned were told")),
  closedAt: orNull(instant("When nothing was left to be done")),
  history: z.array(BreachChangeSchema).max(10).openapi({
    description: "Every change, the first one first",
  }),
  createdAt: instant("When it was entered"),
  updatedAt: instant("When the entry was last changed"),
}).openapi("Breach", {
  description: "A breach of personal data, as the register has it",
});

export type BreachView = z.infer<typeof BreachSchema>;

export const BreachPageSchema = pageOf(
  BreachSchema,
  "BreachPage",
  "A page of the register",
);

export const BreachListQuery = z.strictObject({
  state: stateOf("Only breaches in this state").optional().openapi({
    param: { name: "state", in: "query" },
  }),
  clinicId: id("Only breaches that concern this clinic").optional().openapi({
    param: { name: "clinicId", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const BreachParams = z.strictObject({
  id: id("The breach").openapi({ param: { name: "id", in: "path" } }),
});

export const NewBreachSchema = z.strictObject({
  discoveredAt: instant("When it was noticed; the 72 hours begin")
    .openapi({ example: "2026-01-13T08:05:00Z" }),
  description: text({
    max: 4_000,
    multiline: true,
    example: "Un poste du secrétariat a été volé, session ouverte.",
  }).openapi({
    description:
      "What happened, in words. No patient's data: the register keeps it, and no erasure reaches it",
  }),
  clinicIds: z.array(id("A clinic")).max(10_000).optional().openapi({
    description: "The clinics that are concerned; none when it is all of it",
  }),
}).openapi("NewBreach", {
  description: "A breach that is entered into the register",
  example: {
    discoveredAt: "2026-01-13T08:05:00Z",
    description: "Un poste du secrétariat a été volé, session ouverte.",
    clinicIds: [],
  },
});

const informedAt = instant("When the persons concerned were told").optional();

export const BreachNotificationSchema = z.strictObject({
  cnilReference: text({ max: 100, example: "NOT-2026-004217" }).openapi({
    description: "What the CNIL calls the notification",
  }),
  notifiedAt: instant("When the CNIL was told; now unless told").optional(),
  informedAt,
}).openapi("BreachNotification", {
  description: "That the CNIL was told",
  example: { cnilReference: "NOT-2026-004217" },
});

export const BreachClosingSchema = z.strictObject({
  informedAt,
  notNotifiedBecause: text({
    max: 1_000,
    multiline: true,
    example: "Le disque était chiffré et la clé n'a pas été compromise.",
  }).optional().openapi({
    description:
      "Closes one that was not notified, because it is unlikely to be a risk for anybody",
  }),
}).openapi("BreachClosing", {
  description: "That nothing is left to be done",
  example: {
    notNotifiedBecause:
      "Le disque était chiffré et la clé n'a pas été compromise.",
  },
});
