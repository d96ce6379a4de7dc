import { z } from "@hono/zod-openapi";
import { sql } from "../../db/sql.ts";
import {
  type ExportPart,
  type ExportScope,
  rowsOfFiles,
  staffOrNull,
  staffPseudonym,
} from "../../http/file_export.ts";
import { label, orNull } from "../../http/schemas.ts";
import { toEvent } from "./evidence.ts";
import { ConsentEventSchema } from "./evidence_schemas.ts";
import {
  type ConsentEventRow,
  type ConsentRow,
  consents,
  listEvents,
} from "./queries.ts";
import { toConsent } from "./rules.ts";
import { ConsentSchema, SignerSchema } from "./schemas.ts";

const { requestedBy: _requestedBy, ...shape } = ConsentSchema.shape;
const {
  staffId: _staffId,
  staffName: _staffName,
  witness: _witness,
  signer: _signer,
  requestId: _requestId,
  ...eventShape
} = ConsentEventSchema.shape;

const EventItemSchema = z.strictObject({
  ...eventShape,
  staff: orNull(staffPseudonym),
  signer: orNull(z.strictObject({
    name: orNull(label({
      max: 200,
      description: "As it was written; only the patient's own",
      example: "Zoë Le Goff",
    })),
    capacity: SignerSchema.shape.capacity,
  })).openapi({ description: "Who answered" }),
  witnessed: z.boolean().openapi({
    description: "Whether a witness was there",
  }),
});

const ItemSchema = z.strictObject({
  ...shape,
  requestedBy: staffPseudonym,
  events: z.array(EventItemSchema).openapi({
    description: "What was done, the oldest first",
  }),
});

export const consentsPart: ExportPart = {
  name: "consents",
  description: "What was asked for, in its words, and the proof of the answer",
  item: ItemSchema,
  async *items(scope) {
    for await (const rows of rowsOfFiles<ConsentRow>(scope, sql`*`, consents)) {
      const events = await Promise.all(
        rows.map((row) => listEvents(scope.tx, row.id)),
      );
      yield rows.map((row, index) => toItem(scope, row, events[index]!));
    }
  },
};

function toItem(
  scope: ExportScope,
  row: ConsentRow,
  events: readonly ConsentEventRow[],
): z.infer<typeof ItemSchema> {
  const { requestedBy, ...members } = toConsent(row);
  return {
    ...members,
    requestedBy: scope.staff(requestedBy),
    events: events.map((event) => toEventItem(scope, event)),
  };
}

/** Without the names and hands of anybody but the patient, and without the network that the clinic is in. */
function toEventItem(
  scope: ExportScope,
  row: ConsentEventRow,
): z.infer<typeof EventItemSchema> {
  const {
    staffId,
    staffName: _staffName,
    witness,
    signer,
    requestId: _requestId,
    ...members
  } = toEvent(scope.vault, row);
  const isOwn = signer === null || signer.capacity === "patient";
  return {
    ...members,
    image: isOwn ? members.image : null,
    address: members.channel === "link" ? members.address : null,
    staff: staffOrNull(scope, staffId),
    signer: signer && {
      name: isOwn ? signer.name : null,
      capacity: signer.capacity,
    },
    witnessed: witness !== null,
  };
}
