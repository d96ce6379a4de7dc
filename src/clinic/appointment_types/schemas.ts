import { z } from "@hono/zod-openapi";
import {
  activeStatus,
  colour,
  rowVersion,
  sortByName,
} from "../../http/common_members.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";

const fields = {
  name: text({ max: 100, example: "First consultation" }).openapi({
    description: "Name, as patients read it",
  }),
  durationMinutes: integer({
    min: 5,
    max: 720,
    description: "How long it takes, in minutes",
    example: 30,
  }),
  colour,
  priceCents: orNull(integer({
    min: 0,
    max: 100_000_000,
    description:
      "Usual price with all taxes, in cents of the clinic's currency; null, if there is none",
    example: 6000,
  })),
  overlappable: z.boolean().openapi({
    description:
      "Whether a practitioner may have other appointments at the same time",
    example: false,
  }),
  active: z.boolean().openapi({
    description: "Whether it can be booked",
    example: true,
  }),
};

export const AppointmentTypeSchema = z.strictObject({
  id: id("The type of appointment"),
  ...fields,
  version: rowVersion,
  createdAt: instant("When it was entered"),
  updatedAt: instant("When it was last changed"),
}).openapi("AppointmentType", { description: "What patients come for" });

export type AppointmentType = z.infer<typeof AppointmentTypeSchema>;

export const AppointmentTypeCreateSchema = z.strictObject({
  name: fields.name,
  durationMinutes: fields.durationMinutes,
  colour: fields.colour.optional(),
  priceCents: fields.priceCents.optional(),
  overlappable: fields.overlappable.optional(),
  active: fields.active.optional(),
}).openapi("AppointmentTypeCreate", {
  description: "A new type of appointment",
  example: {
    name: "First consultation",
    durationMinutes: 30,
    priceCents: 6000,
    colour: "#117733",
  },
});

export const AppointmentTypePatchSchema = z.strictObject({
  name: fields.name.optional(),
  durationMinutes: fields.durationMinutes.optional(),
  colour: fields.colour.optional(),
  priceCents: fields.priceCents.optional(),
  overlappable: fields.overlappable.optional(),
  active: fields.active.optional(),
}).openapi("AppointmentTypePatch", {
  description:
    "A merge patch (RFC 7396): null removes, absent leaves as it is, `{}` changes nothing",
  example: { durationMinutes: 45, priceCents: null },
});

export type AppointmentTypePatch = z.infer<typeof AppointmentTypePatchSchema>;

export const AppointmentTypePageSchema = pageOf(
  AppointmentTypeSchema,
  "AppointmentTypePage",
  "A page of types of appointment",
);

export const AppointmentTypeListQuery = z.strictObject({
  status: activeStatus,
  sort: sortByName,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const AppointmentTypeParams = z.strictObject({
  id: id("The type of appointment").openapi({
    param: { name: "id", in: "path" },
  }),
});
