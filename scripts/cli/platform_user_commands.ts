import { type Command, Option } from "commander";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import {
  PLATFORM_ROLES,
  type PlatformRole,
} from "../../src/kernel/platform_permissions.ts";
import { setUpPlatform } from "../../src/platform/set_up.ts";
import {
  changeUserOf,
  clearSecondFactor,
  createUser,
  setUserState,
} from "../../src/platform/users/commands.ts";
import { listUsers } from "../../src/platform/users/queries.ts";
import { toUser } from "../../src/platform/users/rules.ts";
import {
  ArgumentError,
  readPlatformUserArguments,
  readPlatformUserChange,
} from "./arguments.ts";
import { examples } from "./help.ts";
import { readNewPassword } from "./password.ts";
import {
  addKeyCommands,
  inCentral,
  type OpenOperator,
  requireKeys,
} from "./platform_key_commands.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

const CREATE_EXAMPLE =
  'cloison platform-user create --email ada@platform.example --name "Ada Martin" --role operator';

const CHANGE_EXAMPLE =
  "cloison platform-user change --email ada@platform.example --role auditor";

interface Chosen {
  readonly email: string;
}

interface ChangeOptions extends Chosen {
  readonly name?: string;
  readonly role?: PlatformRole;
}

/** `cloison platform-key …` and `cloison platform-user …` */
export function addPlatformCommands(
  program: Command,
  operator: OpenOperator,
): void {
  addKeyCommands(program, operator);
  const user = program.command("platform-user")
    .description("The people who run the platform")
    .addHelpText(
      "after",
      examples(
        "cloison platform-user list",
        CREATE_EXAMPLE,
        "cloison platform-user suspend --email ada@platform.example",
      ),
    );

  user.command("create")
    .description(
      "Make a platform user; the password is asked for, or a line of standard input",
    )
    .requiredOption("--email <address>", "what the user logs in with")
    .requiredOption("--name <text>", "name, 1 to 200 characters")
    .addOption(
      new Option("--role <role>", "what the user may do")
        .choices(PLATFORM_ROLES).makeOptionMandatory(),
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", examples(CREATE_EXAMPLE))
    .action((options: CreateOptions) => create(options, operator));

  user.command("list")
    .description("List the platform users")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("cloison platform-user list"))
    .action((options: { json: boolean }) => list(options, operator));

  user.command("change")
    .description(
      "Change a user's name or role; with another role, they are logged out everywhere",
    )
    .requiredOption("--email <address>", "of the user")
    .option("--name <text>", "name, 1 to 200 characters")
    .addOption(
      new Option("--role <role>", "what the user may do")
        .choices(PLATFORM_ROLES),
    )
    .addHelpText("after", examples(CHANGE_EXAMPLE))
    .action((options: ChangeOptions) => change(options, operator));

  ofUser(user, "suspend")
    .description("Log a user out everywhere, and do not let them in again")
    .action(({ email }: Chosen) =>
      inCentral(operator, async (central) => {
        await setUserState(central, email, "suspended");
        say(`${email} is suspended`);
      })
    );

  ofUser(user, "reactivate")
    .description("Let a suspended user in again")
    .action(({ email }: Chosen) =>
      inCentral(operator, async (central) => {
        await setUserState(central, email, "active");
        say(`${email} can log in again`);
      })
    );

  ofUser(user, "reset-2fa")
    .description("Let a user who lost the authenticator app set up another")
    .action(({ email }: Chosen) =>
      inCentral(operator, async (central) => {
        await clearSecondFactor(central, email);
        say(`${email} sets up an authenticator app at the next log-in`);
      })
    );
}

interface CreateOptions extends Chosen {
  readonly name: string;
  readonly role: PlatformRole;
  readonly json: boolean;
}

async function create(
  { json, role, ...options }: CreateOptions,
  operator: OpenOperator,
): Promise<void> {
  // First what was typed: that needs no cluster.
  const { email, name } = readPlatformUserArguments(options);
  const password = await readNewPassword();
  await inCentral(operator, async (central, { platformKeys }) => {
    await setUpPlatform(central, requireKeys(platformKeys));
    const id = await createUser(central, new PasswordHasher(), {
      email,
      displayName: name,
      role,
      password,
    });
    say(
      json
        ? JSON.stringify({ id, email, name, role }, null, 2)
        : `${email} is ${role}, and sets up an authenticator app at the first log-in`,
    );
  });
}

async function change(
  { email, role, ...options }: ChangeOptions,
  operator: OpenOperator,
): Promise<void> {
  const { name } = readPlatformUserChange(options);
  if (name === undefined && role === undefined) {
    throw new ArgumentError("--name or --role is missing");
  }
  const changes = {
    ...name === undefined ? {} : { displayName: name },
    ...role === undefined ? {} : { role },
  };
  await inCentral(operator, async (central) => {
    await changeUserOf(central, email, changes);
    say(`${email} is changed`);
  });
}

async function list(
  { json }: { json: boolean },
  operator: OpenOperator,
): Promise<void> {
  await inCentral(operator, async (central) => {
    const users = (await listUsers(central)).map(toUser);
    if (json) return say(JSON.stringify(users, null, 2));
    say(table([
      ["E-mail", "Role", "State", "App", "Name"],
      ...users.map((user) => [
        user.email,
        user.role,
        user.state,
        user.enrolled ? "yes" : "no",
        user.displayName,
      ]),
    ]));
  });
}

function ofUser(user: Command, name: string): Command {
  return user.command(name)
    .requiredOption("--email <address>", "of the user")
    .addHelpText(
      "after",
      examples(`cloison platform-user ${name} --email ada@platform.example`),
    );
}
