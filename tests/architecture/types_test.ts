// What must not compile. `deno check` fails if one of these lines starts to.
import type { AppDependencies } from "../../src/app.ts";
import {
  findPatient,
  insertPatient,
} from "../../src/clinic/patients/queries.ts";
import { clinicRoute, platformRoute } from "../../src/http/route.ts";
import {
  clinicRouter,
  platformRouter,
  publicRouter,
} from "../../src/http/router.ts";
import { findUser } from "../../src/platform/auth/queries.ts";
import { revokeOtherSessions } from "../../src/platform/auth/session_queries.ts";
import type { CentralDb } from "../../src/tenancy/central_db.ts";
import { sql } from "../../src/db/sql.ts";
import type { ClinicDb, ReadTx, WriteTx } from "../../src/tenancy/clinic_db.ts";
import * as clinicDb from "../../src/tenancy/clinic_db.ts";

Deno.test("types: what a handler may not touch does not compile", () => {});

/** Never called: it is there to be checked. */
export function mustNotCompile(
  wiring: AppDependencies,
  kept: WriteTx,
): unknown[] {
  const router = clinicRouter();
  router.get("/x", async (c) => {
    // @ts-expect-error the central database is not in a clinic handler's reach
    c.var.central;
    // @ts-expect-error nor are the pools
    c.var.pools;
    // @ts-expect-error there is no way to ask for another clinic
    c.var.clinic.forClinic("another");
    // @ts-expect-error the pool of the clinic is private
    c.var.clinic.pool;
    // @ts-expect-error a read cannot write
    await c.var.clinic.read((tx) => insertPatient(tx, "id", {}));
    // @ts-expect-error a change that returns no proof of its event is refused
    await c.var.clinic.write((tx) => insertPatient(tx, "id", {}));
    // @ts-expect-error a text is not a statement
    await c.var.clinic.read((tx) => tx.rows("select 1"));
    // @ts-expect-error nothing of the driver is within reach
    await c.var.clinic.read((tx) => tx.unsafe("select 1"));
    // @ts-expect-error an event that is not on the list does not exist
    await c.var.clinic.readAs({ action: "patient.peek" }, () => nothing());
    return c.text("");
  });
  publicRouter().get("/x", (c) => {
    // @ts-expect-error a public handler has no clinic
    c.var.clinic;
    // @ts-expect-error and no actor
    c.var.actor;
    return c.text("");
  });
  platformRouter().get("/x", async (c) => {
    // @ts-expect-error no clinic's database is in a platform handler's reach
    c.var.clinic;
    // @ts-expect-error nor are the pools
    c.var.pools;
    // @ts-expect-error a query of a clinic cannot be run on the central database
    await c.var.central.read((tx) => findPatient(tx, "id"));
    // @ts-expect-error a read cannot write
    await c.var.central.read((tx) => revokeOtherSessions(tx, "id", "id"));
    // @ts-expect-error a change that returns no proof of its line is refused
    await c.var.central.write((tx) => revokeOtherSessions(tx, "id", "id"));
    // @ts-expect-error the pool of the central database is private
    c.var.central.central;
    // @ts-expect-error a permission of a clinic is none of the platform
    c.var.actor.permissions.has("patients.view");
    return c.text("");
  });
  // @ts-expect-error a platform route takes no permission of a clinic
  const foreign = platformRoute("patients.view", { method: "get", path: "/x" });
  // @ts-expect-error a query of the platform cannot be run in a clinic
  findUser(kept, "id");
  // @ts-expect-error a CentralDb cannot be made from an object
  const forgedCentral: CentralDb = { read: nothing, write: nothing };
  // @ts-expect-error a ClinicDb cannot be made from an object
  const forged: ClinicDb = { read: nothing, write: nothing };
  // @ts-expect-error nor can a transaction
  const forgedTx: ReadTx = { rows: nothing, row: nothing };
  // @ts-expect-error a clinic route must name its permission
  const open = clinicRoute({ method: "get", path: "/x" });
  // @ts-expect-error and the permission must exist
  const odd = clinicRoute("patients.peek", { method: "get", path: "/x" });
  // @ts-expect-error a statement is written with the tag, not called
  const spliced = sql("select 1");
  // @ts-expect-error the log takes plain values, not objects
  wiring.log.info("request", { patient: { name: "" } });
  // @ts-expect-error the class travels as a type only
  const made = new clinicDb.ClinicDb();
  return [
    made,
    forged,
    forgedTx,
    forgedCentral,
    foreign,
    open,
    odd,
    spliced,
    findPatient(kept, "a change may read"),
  ];
}

function nothing(): Promise<undefined> {
  return Promise.resolve(undefined);
}
