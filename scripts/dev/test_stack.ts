import { openStack, type Stack } from "../stack/cluster.ts";
import { freePorts } from "../stack/ports.ts";
import { PROJECT_DIR } from "../stack/tools.ts";
import { openKeyFile, prepareCentral, preparePlatform } from "./central.ts";
import { writeSecretFile } from "./dev_file.ts";
import { CELL } from "./paths.ts";

/** A throw-away stack for one run of the tests. */
export interface TestStack extends AsyncDisposable {
  /** File that tells the tests where it is: `CLOISON_TEST_STACK`. */
  readonly file: string;
  /** Where the tests may put temporary files; gone when the stack is. */
  readonly temp: string;
}

const PREFIX = "test-";
const DAY_MS = 24 * 3_600_000;

/** Opens a stack on free ports in a folder of its own, with the central database and one cell. */
export async function openTestStack(): Promise<TestStack> {
  const data = `${PROJECT_DIR}/.data`;
  await Deno.mkdir(data, { recursive: true });
  await removeForgotten(data);
  const dir = `${data}/${PREFIX}${crypto.randomUUID().slice(0, 8)}`;
  let stack: Stack | undefined;

  async function close(): Promise<void> {
    await stack?.stop();
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }

  try {
    stack = await openStack({ dir, ports: freePorts(), fast: true });
    const keyFile = `${dir}/keys/${CELL}.key`;
    const login = await prepareCentral(stack, await openKeyFile(keyFile));
    const platformKeyFile = `${dir}/keys/platform.key`;
    const platformKey = await openKeyFile(platformKeyFile, "platform");
    await preparePlatform(login, platformKey);
    const { postgres, pooler, credentials, tlsCaFile } = stack;
    const file = `${dir}/stack.json`;
    const content = {
      postgres,
      pooler,
      credentials,
      tlsCaFile,
      cell: CELL,
      keyFile,
      platformKeyFile,
    };
    await writeSecretFile(file, JSON.stringify(content, null, 2));
    const temp = `${dir}/tmp`;
    await Deno.mkdir(temp);
    return { file, temp, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What runs left that were killed; a day later nobody uses it any more. */
async function removeForgotten(data: string): Promise<void> {
  const before = Date.now() - DAY_MS;
  for await (const { name } of Deno.readDir(data)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = `${data}/${name}`;
    const { mtime } = await Deno.lstat(path).catch(() => ({ mtime: null }));
    if (mtime === null || mtime.getTime() > before) continue;
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}
