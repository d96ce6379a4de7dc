import { PLATFORM_ROLES } from "../../src/kernel/platform_permissions.ts";
import { OpenApiDocument } from "../support/document.ts";
import { openUser } from "../support/platform.ts";
import { assertRoleMatrix } from "../support/role_matrix.ts";
import { openWorld } from "../support/world.ts";

const TABLE = new URL("./role_matrix.txt", import.meta.url);

Deno.test("platform: every role may do what the table says, operation by operation, and nothing else", async () => {
  await using world = await openWorld({ clinics: 0 });
  const { platformOperations } = await OpenApiDocument.fetch(world.url);
  const clients = PLATFORM_ROLES.map(async (role) =>
    [role, (await openUser(world, role)).client] as const
  );
  await assertRoleMatrix(
    world,
    TABLE,
    platformOperations,
    new Map(await Promise.all(clients)),
  );
});
