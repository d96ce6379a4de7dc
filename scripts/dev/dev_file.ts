import * as v from "valibot";
import { task } from "../cli/task.ts";

const Text = v.pipe(v.string(), v.minLength(1));
const Port = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(65_535),
);
const Account = v.strictObject({ email: Text, password: Text });
const StaffAccount = v.strictObject({ role: Text, ...Account.entries });
const DevClinic = v.strictObject({
  id: v.pipe(v.string(), v.uuid()),
  slug: Text,
  name: Text,
  database: Text,
  users: v.array(StaffAccount),
});

/** `.data/dev.json`: where the dev stack is, and its demo log-ins. */
export const DevFile = v.strictObject({
  api: Text,
  docs: Text,
  pooler: v.strictObject({ host: Text, port: Port }),
  postgres: v.strictObject({
    host: Text,
    port: Port,
    superuser: Text,
    password: Text,
  }),
  /** What `psql` needs: `sslmode=verify-full sslrootcert=<caFile>`. Absent from files of older versions. */
  tls: v.optional(v.strictObject({ caFile: Text })),
  central: v.strictObject({ database: Text }),
  clinics: v.array(DevClinic),
  platform: Account,
});

export type DevFile = v.InferOutput<typeof DevFile>;
export type DevClinic = v.InferOutput<typeof DevClinic>;
export type Account = v.InferOutput<typeof Account>;

/**
 * @returns undefined when there is none
 * @throws {Error} when it is no such file
 */
export async function readDevFile(path: string): Promise<DevFile | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), DevFile), text);
  if (!parsed.success) {
    throw new Error(
      `Cannot read ${path}: it was changed by hand; type: ${task("dev:reset")}`,
    );
  }
  return parsed.output;
}

/** Writes it in one step, for the caller's eyes only. */
export async function writeDevFile(path: string, file: DevFile): Promise<void> {
  await writeSecretFile(path, JSON.stringify(file, null, 2) + "\n");
}

/** Writes a file of mode 0600 in one step. */
export async function writeSecretFile(
  path: string,
  text: string,
): Promise<void> {
  const fresh = `${path}.new`;
  await Deno.remove(fresh).catch(() => {});
  await Deno.writeTextFile(fresh, text, { mode: 0o600, createNew: true });
  await Deno.rename(fresh, path);
}
