import type { ConnectionTarget } from "../../src/db/driver.ts";
import type { KeyProvider } from "../../src/crypto/key_provider.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { RotationContext } from "../../src/tenancy/rotation/rotation_context.ts";
import { cellKeys } from "./provisioned.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";

/** What the worker of the test stack rotates with. */
export function rotationContext(
  stack: TestStack,
  keys: KeyProvider = cellKeys(stack),
): RotationContext {
  return { login: workerLogin(stack), keys, console: consoleOf(stack) };
}

export function consoleOf(stack: TestStack): ConnectionTarget {
  const { user, password } = stack.credentials.poolerAdmin;
  return {
    ...stack.pooler,
    database: "pgbouncer",
    user,
    password: new Secret(password),
    applicationName: "test-console",
  };
}
