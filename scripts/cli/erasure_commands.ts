import type { Command } from "commander";
import { platformLine } from "../../src/audit/platform_line.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { isUuid } from "../../src/kernel/ids.ts";
import { openArchive } from "../../src/tenancy/erasure/open_archive.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { ArgumentError } from "./arguments.ts";
import { readClinic, readSlug } from "./clinic_rows.ts";
import { examples } from "./help.ts";
import { openVault } from "./open_vault.ts";
import type { Operator } from "./operator.ts";
import { openLedger } from "./run_operation.ts";
import { say } from "./terminal.ts";

/** `cloison erasure open` */
export function addErasureCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  program.command("erasure")
    .description("What an erasure sealed away")
    .command("open")
    .description(
      "Print, as JSON, whose the records and invoices are that the law keeps: for whom the law obliges to tell",
    )
    .argument("<slug>", "short name of the clinic")
    .argument("<certificate>", "id of the certificate of the erasure")
    .addHelpText(
      "after",
      `
No account of the clinic can read it. It is sealed with the clinic's key, and goes on the day that the
certificate names. Opening it is a line on the platform's trail before anything is printed.
${
        examples(
          "cloison erasure open clinique-lyon 01a2099c-d846-734b-8f83-b707f314fe1a",
        )
      }`,
    )
    .action((slug: string, certificate: string) =>
      open(readSlug(slug), certificate, operator)
    );
}

async function open(
  slug: string,
  certificate: string,
  operator: () => Promise<Operator>,
): Promise<void> {
  if (!isUuid(certificate)) {
    throw new ArgumentError(
      "<certificate> must be an id, as GET /v1/erasures shows it",
    );
  }
  const opened = await operator();
  await using ledger = openLedger(opened);
  const clinic = await readClinic(ledger, slug);
  if (clinic.closedAt !== null) {
    throw new ArgumentError(`${slug} is closed: its keys are destroyed`);
  }
  const vault = await openVault(opened, clinic);
  const archive = await withDatabase(
    opened.login,
    clinic.database,
    async (db) => {
      await db.script("set role cloison_owner");
      return await openArchive(db, vault, certificate);
    },
  );
  if (!archive) {
    throw new AppError(
      "not-found",
      `${slug} has no such certificate, or nothing of it is kept any more`,
    );
  }
  await ledger.central.execute(platformLine(undefined, {}, {
    action: "erasure.open",
    entityId: certificate,
    clinicId: clinic.id,
  }));
  say(JSON.stringify(archive, null, 2));
}
