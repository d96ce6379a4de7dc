import type { OpenAPIHono } from "@hono/zod-openapi";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv, ClinicInfo } from "../../http/env.ts";
import { etagOf, matchesIfNoneMatch, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { answerPage } from "../../http/sorted_list.ts";
import type { Letters } from "../../mail/letters.ts";
import {
  changeMember,
  clearSecondFactor,
  INVITATION_DAYS,
  invite,
  inviteAgain,
  type Invited,
  moveMember,
  noSuchMember,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import { findStaff, listStaff } from "./queries.ts";
import { toStaffMember } from "./rules.ts";

export interface StaffDependencies {
  readonly letters: Letters;
}

/** The people of a clinic, and what they may do in it. */
export function staffRoutes(
  { letters }: StaffDependencies,
): OpenAPIHono<ClinicEnv> {
  const staff = clinicRouter();

  staff.openapi(declared.listStaff, async (c) => {
    const { state = "active", role, sort = "name", ...page } = c.req.valid(
      "query",
    );
    const filter = { state, role };
    const result = await answerPage(
      c,
      cursorBinding("listStaff", { ...filter, sort }),
      page,
      (window) =>
        c.var.clinic.read((tx) => listStaff(tx, filter, sort, window)),
      toStaffMember,
    );
    return c.json(result, 200);
  });

  staff.openapi(declared.getStaffMember, async (c) => {
    const { id } = c.req.valid("param");
    const row = await c.var.clinic.read((tx) => findStaff(tx, id));
    if (!row) throw noSuchMember();
    c.header("etag", etagOf(row.version));
    if (matchesIfNoneMatch(c.req.header("if-none-match"), row.version)) {
      return c.body(null, 304);
    }
    return c.json(toStaffMember(row), 200);
  });

  staff.openapi(declared.inviteStaffMember, async (c) => {
    const { clinic, clinicInfo } = c.var;
    const members = c.req.valid("json");
    const invited = await invite(clinic, clinicInfo.id, members);
    mailInvitation(letters, clinicInfo, invited);
    c.header("location", `/v1/staff/${invited.row.id}`);
    c.header("etag", etagOf(invited.row.version));
    return c.json(toStaffMember(invited.row), 201);
  });

  staff.openapi(declared.repeatInvitation, async (c) => {
    const { id } = c.req.valid("param");
    const { clinic, clinicInfo } = c.var;
    const invited = await inviteAgain(clinic, clinicInfo.id, id);
    mailInvitation(letters, clinicInfo, invited);
    return c.body(null, 202);
  });

  staff.openapi(declared.changeStaffMember, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { actor, clinic } = c.var;
    const patch = c.req.valid("json");
    const row = await changeMember(clinic, actor, id, condition, patch);
    c.header("etag", etagOf(row.version));
    return c.json(toStaffMember(row), 200);
  });

  staff.openapi(declared.suspendStaffMember, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { actor, clinic } = c.var;
    const row = await moveMember(clinic, actor, id, condition, "suspended");
    c.header("etag", etagOf(row.version));
    return c.json(toStaffMember(row), 200);
  });

  staff.openapi(declared.reactivateStaffMember, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { actor, clinic } = c.var;
    const row = await moveMember(clinic, actor, id, condition, "active");
    c.header("etag", etagOf(row.version));
    return c.json(toStaffMember(row), 200);
  });

  staff.openapi(declared.removeStaffMember, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { actor, clinic } = c.var;
    await moveMember(clinic, actor, id, condition, "removed");
    return c.body(null, 204);
  });

  staff.openapi(declared.clearSecondFactor, async (c) => {
    const { id } = c.req.valid("param");
    const { actor, clinic, clinicInfo } = c.var;
    const row = await clearSecondFactor(clinic, actor, id);
    letters.notice({
      email: row.email,
      givenNames: row.given_names,
      clinicName: clinicInfo.name,
    }, "second-factor-off");
    return c.body(null, 204);
  });

  return staff;
}

function mailInvitation(
  letters: Letters,
  clinic: ClinicInfo,
  { row, token }: Invited,
): void {
  letters.invitation(
    {
      email: row.email,
      givenNames: row.given_names,
      clinicName: clinic.name,
    },
    token,
    INVITATION_DAYS,
  );
}
