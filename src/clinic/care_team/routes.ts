import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import { requireReadableFile } from "../../tenancy/file_access.ts";
import {
  addMember,
  openInEmergency,
  removeMember,
  type TeamScope,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import {
  findEmergencyAccess,
  findMember,
  listEmergencyAccesses,
  listMembers,
  type MemberRow,
  patientExists,
} from "./queries.ts";
import { toEmergencyAccess, toMember } from "./rules.ts";
import type { CareTeamMember } from "./schemas.ts";

export const careTeam = clinicRouter();

careTeam.openapi(declared.listCareTeam, async (c) => {
  const { id } = c.req.valid("param");
  const { status = "active", sort = "-createdAt", ...page } = c.req.valid(
    "query",
  );
  const { clinic, vault, actor } = c.var;
  await clinic.read(async (tx) => {
    if (!await patientExists(tx, id)) throw noSuch("patient");
    await requireReadableFile(tx, actor, id);
  });
  const found = await answerPage(
    c,
    cursorBinding("listCareTeam", { id, status, sort }),
    page,
    (window) =>
      clinic.readAs(
        { action: "care-team.view", patientId: id },
        (tx) => listMembers(tx, id, status, sort, window),
      ),
    (row) => toMember(vault, row),
  );
  return c.json(found, 200);
});

careTeam.openapi(declared.addCareTeamMember, async (c) => {
  const { id } = c.req.valid("param");
  const row = await addMember(scopeOf(c), id, c.req.valid("json"));
  c.header("location", `/v1/patients/${id}/care-team/${row.id}`);
  return c.json(show(c, row), 201);
});

careTeam.openapi(declared.getCareTeamMember, async (c) => {
  const { id: patientId, memberId } = c.req.valid("param");
  const row = await c.var.clinic.readAs(
    { action: "care-team.view", entityId: memberId, patientId },
    async (tx) => {
      if (!await patientExists(tx, patientId)) throw noSuch("patient");
      await requireReadableFile(tx, c.var.actor, patientId);
      const found = await findMember(tx, patientId, memberId);
      if (!found) throw noSuch("member of the care team");
      return found;
    },
  );
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toMember(c.var.vault, row), 200);
});

careTeam.openapi(declared.removeCareTeamMember, async (c) => {
  const condition = requireIfMatch(c.req.header("if-match"));
  const { reason } = c.req.valid("json");
  const member = c.req.valid("param");
  const row = await removeMember(scopeOf(c), member, condition, reason);
  return c.json(show(c, row), 200);
});

careTeam.openapi(declared.openEmergencyAccess, async (c) => {
  const row = await openInEmergency(scopeOf(c), c.req.valid("json"));
  c.header("location", `/v1/emergency-accesses/${row.id}`);
  return c.json(toEmergencyAccess(c.var.vault, row), 201);
});

careTeam.openapi(declared.listEmergencyAccesses, async (c) => {
  const { patientId, staffId, sort = "-createdAt", ...page } = c.req.valid(
    "query",
  );
  const { clinic, actor, vault } = c.var;
  const filter = { patientId, staffId };
  const found = await answerPage(
    c,
    cursorBinding("listEmergencyAccesses", { ...filter, sort }),
    page,
    (window) =>
      clinic.readAs(
        {
          action: "emergency-access.list",
          ...(patientId ? { patientId } : {}),
        },
        (tx) => listEmergencyAccesses(tx, actor, filter, sort, window),
      ),
    (row) => toEmergencyAccess(vault, row),
  );
  return c.json(found, 200);
});

careTeam.openapi(declared.getEmergencyAccess, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor, vault } = c.var;
  const row = await clinic.read((tx) => findEmergencyAccess(tx, actor, id));
  if (!row) throw noSuch("emergency access");
  // Whose file it opened, only the row tells.
  await clinic.readAs(
    {
      action: "emergency-access.view",
      entityId: id,
      patientId: row.patient_id,
    },
    (tx) => requireReadableFile(tx, actor, row.patient_id),
  );
  return c.json(toEmergencyAccess(vault, row), 200);
});

function scopeOf(c: Context<ClinicEnv>): TeamScope {
  const { clinic: db, vault, actor } = c.var;
  return { db, vault, actor };
}

function show(c: Context<ClinicEnv>, row: MemberRow): CareTeamMember {
  c.header("etag", etagOf(row.version));
  return toMember(c.var.vault, row);
}
