import { STAFF_ROLES } from "../../src/kernel/permissions.ts";
import { logIn } from "../support/client.ts";
import { OpenApiDocument } from "../support/document.ts";
import { assertRoleMatrix } from "../support/role_matrix.ts";
import { openWorld } from "../support/world.ts";

const TABLE = new URL("./role_matrix.txt", import.meta.url);

Deno.test("matrix: every role may do what the table says, operation by operation, and nothing else", async () => {
  await using world = await openWorld({ clinics: 1 });
  const { clinicOperations } = await OpenApiDocument.fetch(world.url);
  const clients = STAFF_ROLES.map(async (role) =>
    [role, await logIn(world, world.clinic(0), role)] as const
  );
  await assertRoleMatrix(
    world,
    TABLE,
    clinicOperations,
    new Map(await Promise.all(clients)),
  );
});
