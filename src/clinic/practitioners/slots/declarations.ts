import { clinicRoute, json } from "../../../http/route.ts";
import { pageHeaders } from "../../../http/schemas.ts";
import { PractitionerParams } from "../schemas.ts";
import { SlotPageSchema, SlotQuery } from "./schemas.ts";

const tags: ["practitioners"] = ["practitioners"];

const aboutSlots =
  "Times in hours of work, within opening hours and outside closed days, at which no appointment stands in the way. Days are those of the clinic's calendar: on the day on which clocks change, the hour that they skip has no slots, and the one that they repeat has them twice.";

export const listSlots = clinicRoute("practitioners.view", {
  method: "get",
  path: "/slots",
  operationId: "listSlots",
  tags,
  summary: "List times at which somebody can be booked",
  description: aboutSlots,
  problems: ["invalid-cursor"],
  request: { query: SlotQuery },
  responses: {
    200: {
      ...json(SlotPageSchema, "A page of slots"),
      headers: pageHeaders,
    },
  },
});

export const listPractitionerSlots = clinicRoute("practitioners.view", {
  method: "get",
  path: "/practitioners/{id}/slots",
  operationId: "listPractitionerSlots",
  tags,
  summary: "List times at which a practitioner can be booked",
  description: `${aboutSlots} Who is archived has none.`,
  problems: ["not-found", "invalid-cursor"],
  request: { params: PractitionerParams, query: SlotQuery },
  responses: {
    200: {
      ...json(SlotPageSchema, "A page of slots"),
      headers: pageHeaders,
    },
  },
});
