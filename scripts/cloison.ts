import { type Command, CommanderError } from "commander";
import { DatabaseError } from "../src/db/errors.ts";
import { AppError } from "../src/kernel/errors.ts";
import { ArgumentError } from "./cli/arguments.ts";
import { openOperator, type Operator } from "./cli/operator.ts";
import { openProgram } from "./cli/program.ts";
import { complain, explain, say } from "./cli/terminal.ts";
import { devPaths } from "./dev/paths.ts";

const FAILED = 1;
/** What was typed is wrong; nothing was done. */
const USAGE = 2;
/** What was typed may be very long. */
const MAX_SAID = 250;

/** The operator's commands. @returns the exit code */
async function main(args: string[]): Promise<number> {
  const env = Deno.env.toObject();
  let opened: Operator | undefined;

  async function operator(): Promise<Operator> {
    return opened ??= await openOperator(env, devPaths((name) => env[name]));
  }

  let help = "";
  const program = openProgram(operator, (text) => help += text);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      return refuse(error, help.trimEnd(), typedCommand(program, args));
    }
    if (error instanceof ArgumentError) {
      complain(error.message);
      return USAGE;
    }
    complain(describe(error, opened));
    return FAILED;
  }
}

function refuse(error: CommanderError, help: string, typed: string): number {
  if (error.exitCode === 0) {
    say(help); // it was asked for
    return 0;
  }
  if (error.code === "commander.help") complain(help);
  else {
    const said = error.message.slice(0, MAX_SAID).replace(/^error: /, "")
      .replaceAll(/\s+/g, " ");
    complain(`${said.replace(/\.$/, "")}; see: ${typed} --help`);
  }
  return USAGE;
}

/** The longest beginning of the line that is a command. */
function typedCommand(program: Command, args: readonly string[]): string {
  let typed = "cloison";
  let at: Command | undefined = program;
  for (const word of args) {
    at = at?.commands.find((each) => each.name() === word);
    if (!at) break;
    typed += ` ${word}`;
  }
  return typed;
}

function describe(error: unknown, operator: Operator | undefined): string {
  if (error instanceof AppError) return error.message;
  if (error instanceof DatabaseError && operator !== undefined) {
    const { host, port } = operator.login;
    if (error.failure === "unavailable") {
      return `Cannot reach PostgreSQL at ${host}:${port}: ${operator.hint}`;
    }
    if (error.failure === "refused") {
      return `PostgreSQL at ${host}:${port} refused the login of ${operator.login.user}`;
    }
  }
  return explain(error).replaceAll(/\s+/g, " ");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
