import { findServiceUser, type ServiceUser } from "./service_user.ts";

/** How a command in a {@link ServiceFolder} is run. */
export interface ServiceCommandOptions {
  /** Folder of the program, reached as {@link ServiceFolder.programs}. */
  readonly programs?: string;
  /** Folder of another server, reached as {@link ServiceFolder.neighbour}. */
  readonly neighbour?: ServiceFolder | undefined;
  /** Signal the process gets when the one that started it dies (Linux). */
  readonly deathSignal?: "INT" | "KILL";
  readonly stdin?: "piped" | "null";
  /** A group of its own: Ctrl-C in the terminal reaches only the supervisor. */
  readonly detached?: boolean;
}

const LINUX = Deno.build.os === "linux";

/**
 * A folder that belongs to the OS user the servers run as.
 *
 * The project may stand where that user cannot go (a home of mode 0700), so as
 * root the folder is opened before privileges are dropped, and the server goes
 * in through the inherited descriptor: no mode of any parent is changed.
 */
export class ServiceFolder {
  readonly path: string;
  /** The same folder, as processes made by {@link command} must name it. */
  readonly inside: string;
  readonly #user: ServiceUser | undefined;

  private constructor(path: string, user: ServiceUser | undefined) {
    this.path = path;
    this.inside = user === undefined ? path : "/proc/self/fd/9";
    this.#user = user;
  }

  /** Opens the folder, or makes it: mode 0700, owned by the service user. */
  static async open(path: string): Promise<ServiceFolder> {
    const user = await findServiceUser();
    try {
      await Deno.mkdir(path, { mode: 0o700 });
      if (user !== undefined) await Deno.chown(path, user.uid, user.gid);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    return new ServiceFolder(path, user);
  }

  /** The folder of programs, as {@link command} must name it. */
  programs(path: string): string {
    return this.#user === undefined ? path : "/proc/self/fd/8";
  }

  /** Another server's folder, as {@link command} must name it. */
  neighbour({ path }: ServiceFolder): string {
    return this.#user === undefined ? path : "/proc/self/fd/7";
  }

  /** A command run as the service user, in an environment that is empty. */
  command(argv: string[], options: ServiceCommandOptions = {}): Deno.Command {
    const { programs = "/", neighbour, deathSignal, stdin = "null" } = options;
    const drop: string[] = [];
    if (LINUX && (this.#user !== undefined || deathSignal !== undefined)) {
      drop.push("setpriv");
      if (this.#user !== undefined) {
        drop.push(`--reuid=${this.#user.uid}`, `--regid=${this.#user.gid}`);
        drop.push("--clear-groups");
      }
      if (deathSignal !== undefined) drop.push("--pdeathsig", deathSignal);
      drop.push("--");
    }
    const open = this.#user === undefined ? "" : 'exec 9<"$1" 8<"$2" 7<"$3"; ';
    return new Deno.Command("sh", {
      args: [
        "-c",
        `${open}shift 3; umask 077; exec "$@"`,
        "sh",
        this.path,
        programs,
        neighbour?.path ?? "/",
        ...drop,
        ...argv,
      ],
      // The caller's own directory may be closed to the service user.
      cwd: "/",
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
      stdin,
      stdout: "piped",
      stderr: "piped",
      detached: options.detached ?? false,
    });
  }

  /**
   * Runs a command to its end.
   *
   * @throws {Error} with what it said, if it fails
   */
  async run(argv: string[], input = ""): Promise<void> {
    const child = this.command(argv, { stdin: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input)).catch(() => {});
    await writer.close().catch(() => {});
    const { success, stderr } = await child.output();
    if (!success) {
      const said = new TextDecoder().decode(stderr).trim();
      throw new Error(`Cannot run ${argv[0]}: ${said}`);
    }
  }

  /**
   * Writes a file (mode 0600) as the service user: were root to write here,
   * that user could put a link in its way.
   */
  async write(name: string, text: string): Promise<void> {
    const script = 'cat >"$1.new" && mv -f "$1.new" "$1"';
    const target = `${this.inside}/${name}`;
    await this.run(["sh", "-c", script, "sh", target], text);
  }
}
