import { deepEqual, equal } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { setUserState } from "../../src/platform/users/commands.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, Client } from "../support/client.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import {
  codeOf,
  type LoggedInUser,
  logInToPlatform,
  openUser,
} from "../support/platform.ts";
import { inCentral } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

const USERS = "/v1/platform/users";

Deno.test("users: an owner stays, whatever two of them do at the same moment", async () => {
  await using own = await openOwnTestStack();
  await using world = await openWorld({ clinics: 0, stack: own.stack });
  const [one, two] = [await openUser(world), await openUser(world)];
  const suspend = (by: LoggedInUser, whom: LoggedInUser) =>
    by.client.post(`${USERS}/${whom.id}/suspend`, undefined, {
      "if-match": "*",
    });
  const stepDown = ({ client, id }: LoggedInUser) =>
    client.patch(`${USERS}/${id}`, { role: "auditor" }, "*");
  const [first, second] = await Promise.all([
    suspend(one, two),
    suspend(two, one),
  ]);
  deepEqual([first.status, second.status].toSorted(), [200, 401]);
  const [left, out] = first.status === 200 ? [one, two] : [two, one];

  assertProblem(await stepDown(left), 409, "last-owner");
  await withDatabase(
    workerLogin(world.stack),
    CENTRAL_DATABASE,
    (central) => setUserState(central, out.email, "active"),
  );
  const anew = await logInToPlatform(world, out, { code: codeOf(out.seed, 1) });
  const client = new Client(world.url, anew.body.accessToken);
  const answers = await Promise.all([
    stepDown(left),
    stepDown({ ...out, client }),
  ]);
  deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
  const [row] = await inCentral<{ owners: number }>(
    world,
    sql`select count(*)::integer as owners from platform_users
      where role = 'owner' and state = 'active'`,
  );
  equal(row!.owners, 1);
});
