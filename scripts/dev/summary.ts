import { task } from "../cli/task.ts";
import { table } from "../cli/table.ts";

import type { DevFile } from "./dev_file.ts";

/** What somebody who has just started the stack wants to know. */
export function summary(file: DevFile, detached: boolean): string {
  const logins = file.clinics.flatMap(({ slug, users }) =>
    users.map(({ role, email, password }) => [slug, role, email, password])
  );
  const { platform, clinics: [first] } = file;
  const account = first?.users[0];
  const body = JSON.stringify({
    clinic: first?.slug,
    email: account?.email,
    password: account?.password,
  });
  return `
Cloison is running.

  API   ${file.api}
  Docs  ${file.docs}

Demo log-ins

${
    indent(table([
      ["Clinic", "Role", "E-mail", "Password"],
      ...logins,
      ["(platform)", "owner", platform.email, platform.password],
    ]))
  }

What to type next${detached ? "" : ", in another terminal"}

  curl -s ${file.api}/v1/auth/login -H 'content-type: application/json' \\
    -d '${body}'
  scripts/init-clinic.sh "Clinique Lyon" "lyon@clinic.fr" "+33456789012"

${
    detached
      ? `To stop it: ${task("dev:stop")}; to forget its data: ${
        task("dev:reset")
      }`
      : "Ctrl-C stops everything and keeps the data."
  }`;
}

function indent(text: string): string {
  return text.split("\n").map((line) => `  ${line}`).join("\n");
}
