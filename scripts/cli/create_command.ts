import type { Command } from "commander";
import { clinicDatabaseName, type ClinicId } from "../../src/kernel/ids.ts";
import { makeFirstPassword } from "../../src/tenancy/provisioning/new_secrets.ts";
import { readClinicArguments } from "./arguments.ts";
import { examples } from "./help.ts";
import { Interrupted } from "./interrupted.ts";
import { requireSuccess } from "./operation_failed.ts";
import type { Operator } from "./operator.ts";
import { ofNewClinic } from "./refusals.ts";
import { openLedger, runByWorker, runHere } from "./run_operation.ts";
import { table } from "./table.ts";
import { complain, say } from "./terminal.ts";

/** `cloison clinic create …` */
export function addCreateCommand(
  clinic: Command,
  operator: () => Promise<Operator>,
): void {
  clinic.command("create")
    .description("Make a clinic: its database, its role, its first account")
    .requiredOption("--name <text>", "name, 1 to 200 characters")
    .requiredOption("--email <address>", "where the clinic is reached")
    .option("--phone <number>", "in international form: +33456789012")
    .option("--slug <text>", "short name; made of the name unless given")
    .option("--admin-email <address>", "first account; the clinic's if absent")
    .option(
      "--invite",
      "a worker mails an invitation to the first account, instead of a password shown here",
      false,
    )
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      examples(
        'cloison clinic create --name "Clinique Lyon" --email lyon@clinic.fr',
        'cloison clinic create --name "Clinique Lyon" --email lyon@clinic.fr --slug lyon --phone +33456789012',
        'cloison clinic create --name "Clinique Lyon" --email lyon@clinic.fr --invite',
      ),
    )
    .action((options: CreateOptions) => create(options, operator));
}

interface CreateOptions {
  readonly json: boolean;
  readonly invite: boolean;
}

/** An account has a person's names; whoever gets this one can be anybody. */
const FIRST_ADMIN = { givenNames: "Compte", familyName: "Administrateur" };

async function create(
  { json, invite, ...options }: CreateOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  // First what was typed: that needs no cluster.
  const { adminEmail, ...wanted } = readClinicArguments(options);
  const opened = await operator();
  await using ledger = openLedger(opened);
  const admin = { ...FIRST_ADMIN, email: adminEmail };
  const request = {
    kind: "create",
    clinicId: null,
    input: { ...wanted, cell: opened.cell, admin },
  } as const;
  const password = makeFirstPassword();
  const done =
    await (invite
      ? runByWorker(ledger, request)
      : runHere(opened, ledger, request, { quiet: json, secret: password }))
      .catch((error) => {
        if (error instanceof Interrupted && !invite) {
          complain(`The first log-in of ${adminEmail} is ${password.reveal()}`);
        }
        throw ofNewClinic(error, wanted);
      });
  const id = requireSuccess(done).clinicId as ClinicId;
  const { slug, name } = wanted;
  const database = clinicDatabaseName(id);
  const first = {
    email: adminEmail,
    ...(invite ? {} : { password: password.reveal() }),
  };
  if (json) {
    say(JSON.stringify({ id, slug, name, database, admin: first }, null, 2));
    return;
  }
  say(table([
    ["Clinic", name],
    ["Id", id],
    ["Database", database],
    ...(opened.api === undefined ? [] : [["API", opened.api]]),
  ]));
  if (invite) return say(`\nAn invitation was mailed to ${adminEmail}`);
  say("\nFirst log-in; the password is shown this once");
  say(table([
    ["  clinic", slug],
    ["  email", first.email],
    ["  password", password.reveal()],
  ]));
}
