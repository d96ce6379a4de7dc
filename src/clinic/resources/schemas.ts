import { z } from "@hono/zod-openapi";
import {
  activeStatus,
  rowVersion,
  sortByName,
} from "../../http/common_members.ts";
import {
  cursorParameter,
  id,
  instant,
  limitParameter,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";

const fields = {
  name: text({ max: 100, example: "Laser" }).openapi({
    description: "Name",
  }),
  kind: z.enum(["room", "machine"]).openapi({
    description: "What it is",
    example: "machine",
  }),
  active: z.boolean().openapi({
    description: "Whether it can be booked",
    example: true,
  }),
};

export const ResourceSchema = z.strictObject({
  id: id("The room or machine"),
  ...fields,
  version: rowVersion,
  createdAt: instant("When it was entered"),
  updatedAt: instant("When it was last changed"),
}).openapi("Resource", {
  description: "A room or machine: each serves one appointment at a time",
});

export type Resource = z.infer<typeof ResourceSchema>;

export const ResourceCreateSchema = z.strictObject({
  name: fields.name,
  kind: fields.kind,
  active: fields.active.optional(),
}).openapi("ResourceCreate", {
  description: "A new room or machine",
  example: { name: "Laser", kind: "machine" },
});

export const ResourcePatchSchema = z.strictObject({
  name: fields.name.optional(),
  kind: fields.kind.optional(),
  active: fields.active.optional(),
}).openapi("ResourcePatch", {
  description:
    "A merge patch (RFC 7396): absent leaves as it is, `{}` changes nothing",
  example: { name: "Laser, first floor" },
});

export type ResourcePatch = z.infer<typeof ResourcePatchSchema>;

export const ResourcePageSchema = pageOf(
  ResourceSchema,
  "ResourcePage",
  "A page of rooms and machines",
);

export const ResourceListQuery = z.strictObject({
  status: activeStatus,
  sort: sortByName,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ResourceParams = z.strictObject({
  id: id("The room or machine").openapi({
    param: { name: "id", in: "path" },
  }),
});
