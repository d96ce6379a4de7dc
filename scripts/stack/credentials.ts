/** A role and its password. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Who may open what in one stack; `superuser` is for setting up only. */
export interface StackCredentials {
  readonly superuser: Login;
  readonly worker: Login;
  readonly api: Login;
  readonly backup: Login;
  readonly pgbouncer: Login;
  readonly poolerAdmin: Login;
}

const USERS: Record<keyof StackCredentials, string> = {
  superuser: "postgres",
  worker: "cloison_worker",
  api: "cloison_api",
  backup: "cloison_backup",
  pgbouncer: "cloison_pgbouncer",
  poolerAdmin: "cloison_pooler_admin",
};

/**
 * Reads the passwords of a stack, and makes up those that are missing: 256 random
 * bits each, in a file only the caller can read.
 */
export async function openCredentials(file: string): Promise<StackCredentials> {
  let passwords: Partial<Record<string, string>> = {};
  try {
    passwords = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const missing = Object.keys(USERS).filter((name) => !passwords[name]);
  if (missing.length > 0) {
    for (const name of missing) passwords[name] = randomPassword();
    const text = JSON.stringify(passwords, null, 2);
    await Deno.writeTextFile(`${file}.new`, text, { mode: 0o600 });
    await Deno.rename(`${file}.new`, file);
  }
  return {
    superuser: login("superuser", passwords),
    worker: login("worker", passwords),
    api: login("api", passwords),
    backup: login("backup", passwords),
    pgbouncer: login("pgbouncer", passwords),
    poolerAdmin: login("poolerAdmin", passwords),
  };
}

function login(
  name: keyof StackCredentials,
  passwords: Partial<Record<string, string>>,
): Login {
  const password = passwords[name];
  if (password === undefined) {
    throw new Error(`Cannot open the stack: it has no password for ${name}`);
  }
  return { user: USERS[name], password };
}

function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(32))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}
