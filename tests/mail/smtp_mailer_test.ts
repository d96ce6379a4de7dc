import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Secret } from "../../src/kernel/secret.ts";
import { MailError } from "../../src/mail/mailer.ts";
import { SmtpMailer, type SmtpOptions } from "../../src/mail/smtp_mailer.ts";
import { SmtpServer } from "../support/smtp_server.ts";

const LETTER = {
  to: "zoe@clinic.test",
  subject: "Réinitialisation",
  text: "Ouvrez ce lien : https://app.test/reset#token=abc",
};

function open(
  server: { readonly port: number },
  options: Partial<SmtpOptions> = {},
): SmtpMailer {
  return new SmtpMailer({
    host: "127.0.0.1",
    port: server.port,
    security: "none",
    from: "Cloison <no-reply@cloison.test>",
    ...options,
  });
}

Deno.test("SmtpMailer: a letter arrives as it was written, and says nothing of the machine", async () => {
  await using server = new SmtpServer();
  const mailer = open(server);
  await mailer.send(LETTER);
  await mailer.close();
  const [letter] = server.letters;
  ok(letter);
  const body = letter.replaceAll("=\n", "").replaceAll("=3D", "=");
  ok(body.includes("https://app.test/reset#token=abc"));
  ok(letter.includes("Subject: =?UTF-8?Q?R=C3=A9initialisation?="));
  ok(letter.includes("Auto-Submitted: auto-generated"));
  ok(letter.includes("From: Cloison <no-reply@cloison.test>"));
  equal(server.commands[0], "EHLO cloison");
  ok(server.commands.includes("RCPT TO:<zoe@clinic.test>"));
});

Deno.test("SmtpMailer: an address is one recipient, and no header", async () => {
  await using server = new SmtpServer();
  const mailer = open(server);
  for (
    const to of [
      "zoe@clinic.test, eve@evil.test",
      "zoe@clinic.test\r\nBcc: eve@evil.test",
    ]
  ) {
    await mailer.send({ ...LETTER, to }).catch((error) => {
      ok(error instanceof MailError);
    });
  }
  await mailer.close();
  const recipients = server.commands.filter((line) => line.startsWith("RCPT"));
  ok(!recipients.some((line) => line.includes("TO:<eve")), `${recipients}`);
  ok(!server.letters.some((letter) => /^Bcc/im.test(letter)));
});

Deno.test("SmtpMailer: without the TLS that it must have, neither letter nor password leaves", async () => {
  await using server = new SmtpServer(["AUTH PLAIN LOGIN"]);
  const mailer = open(server, {
    security: "starttls",
    login: { user: "cloison", password: new Secret("hidden") },
  });
  await rejects(mailer.send(LETTER), MailError);
  await mailer.close();
  deepEqual(server.letters, []);
  ok(!server.commands.some((line) => /AUTH|MAIL/.test(line)));
});

Deno.test("SmtpMailer: only what may succeed later is worth another attempt, and no error repeats a letter", async () => {
  await using server = new SmtpServer();
  const mailer = open(server);
  for (
    const [answer, retryable] of [
      ["451 later", true],
      ["550 never", false],
    ] as const
  ) {
    server.refuse(answer);
    await rejects(mailer.send(LETTER), (error) => {
      ok(error instanceof MailError);
      equal(error.retryable, retryable, answer);
      ok(!error.message.includes("zoe"));
      return true;
    });
  }
  await mailer.close();
  const nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = nobody.addr;
  nobody.close();
  const lonely = open({ port });
  await rejects(lonely.send(LETTER), (error) => {
    ok(error instanceof MailError && error.retryable);
    return true;
  });
  await lonely.close();
});
