import { Secret } from "../../src/kernel/secret.ts";
import type { AdminLogin } from "../../src/tenancy/provisioning/admin.ts";

interface Login {
  readonly user: string;
  readonly password: string;
}

interface Address {
  readonly host: string;
  readonly port: number;
  /** Absent where the servers were started without TLS. */
  readonly tlsCa?: string;
}

/** The servers that `deno task test` started for this run. */
export interface TestStack {
  readonly postgres: Address & {
    readonly superuser: string;
    readonly password: string;
  };
  readonly pooler: Address;
  readonly credentials: {
    readonly worker: Login;
    readonly api: Login;
    /** Absent from servers of older runs. */
    readonly backup?: Login;
    readonly pgbouncer: Login;
    readonly poolerAdmin: Login;
  };
  readonly tlsCaFile?: string;
  readonly cell: string;
  readonly keyFile: string;
  /** Absent from servers of older runs. */
  readonly platformKeyFile?: string;
}

/** @throws {Error} when the tests were not started by `deno task test` */
export function testStack(): TestStack {
  const file = Deno.env.get("CLOISON_TEST_STACK");
  if (!file) {
    throw new Error("Cannot find the test servers: run `deno task test`");
  }
  return JSON.parse(Deno.readTextFileSync(file));
}

export function workerLogin(stack: TestStack): AdminLogin {
  const { user, password } = stack.credentials.worker;
  const { host, port, tlsCa } = stack.postgres;
  return { host, port, tlsCa, user, password: new Secret(password) };
}

export function superuserLogin(stack: TestStack): AdminLogin {
  const { superuser, password, ...address } = stack.postgres;
  return { ...address, user: superuser, password: new Secret(password) };
}
