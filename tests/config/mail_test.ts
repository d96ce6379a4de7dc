import { deepEqual, equal, throws } from "node:assert/strict";
import { ConfigError } from "../../src/config/config_error.ts";
import { type MailVariables, readMail } from "../../src/config/mail.ts";

const DEFAULTS = {
  CLOISON_MAIL_SMTP_PORT: 587,
  CLOISON_MAIL_SMTP_SECURITY: "starttls",
} as const;
const SMTP = {
  CLOISON_MAIL_SMTP_HOST: "mail.example",
  CLOISON_MAIL_FROM: "no-reply@cloison.example",
};

function read(
  set: Partial<MailVariables>,
  environment: "development" | "production" = "development",
): ReturnType<typeof readMail> {
  const publicUrl = "https://api.example";
  return readMail({ ...DEFAULTS, ...set }, { publicUrl, environment });
}

Deno.test("mail configuration: nothing, a folder, or a server", () => {
  equal(read({}).delivery.kind, "none");
  equal(read({}).linkBase, "https://api.example");
  deepEqual(read({ CLOISON_MAIL_OUTBOX: "/tmp/x" }).delivery, {
    kind: "outbox",
    folder: "/tmp/x",
  });
  const { delivery, linkBase } = read({
    ...SMTP,
    CLOISON_MAIL_SMTP_USER: "cloison",
    CLOISON_MAIL_SMTP_PASSWORD: "hidden",
    CLOISON_MAIL_LINK_BASE: "https://app.example",
  }, "production");
  equal(linkBase, "https://app.example");
  equal(
    delivery.kind === "smtp" && delivery.login?.password.reveal(),
    "hidden",
  );
  equal(JSON.stringify(delivery).includes("hidden"), false);
});

Deno.test("mail configuration: what does not fit together, or is unsafe in production, is refused", () => {
  const refused: [Partial<MailVariables>, "development" | "production"][] = [
    [{ CLOISON_MAIL_SMTP_HOST: "mail.example" }, "development"],
    [{ ...SMTP, CLOISON_MAIL_OUTBOX: "/tmp/x" }, "development"],
    [{ ...SMTP, CLOISON_MAIL_SMTP_USER: "cloison" }, "development"],
    [{ ...SMTP, CLOISON_MAIL_SMTP_SECURITY: "none" }, "production"],
    [{ CLOISON_MAIL_OUTBOX: "/tmp/x" }, "production"],
  ];
  for (const [set, environment] of refused) {
    throws(() => read(set, environment), ConfigError, JSON.stringify(set));
  }
  read({ ...SMTP, CLOISON_MAIL_SMTP_SECURITY: "none" }, "development");
});
