/** The unprivileged OS user that servers run as when the caller is root. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL and PgBouncer refuse to run as root: then they run as `postgres`,
 * or `nobody`. Undefined when the caller is no root: servers run as the caller.
 */
export async function findServiceUser(): Promise<ServiceUser | undefined> {
  if (Deno.uid() !== 0) return undefined;
  if (Deno.build.os !== "linux") {
    throw new Error(
      "Cannot start servers as root on this system: type the command as a normal user",
    );
  }
  for (const name of ["postgres", "nobody"]) {
    const uid = await id("-u", name);
    const gid = await id("-g", name);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error(
    "Cannot start servers as root: there is neither a user postgres nor nobody",
  );
}

async function id(flag: string, name: string): Promise<number | undefined> {
  const { success, stdout } = await new Deno.Command("id", {
    args: [flag, name],
    stderr: "null",
  }).output();
  return success ? Number(new TextDecoder().decode(stdout)) : undefined;
}
