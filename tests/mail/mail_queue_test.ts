import { deepEqual, equal, ok } from "node:assert/strict";
import { createLogger } from "../../src/kernel/log.ts";
import { MailQueue, type MailQueueOptions } from "../../src/mail/mail_queue.ts";
import { NoMailer } from "../../src/mail/mailer.ts";
import { OutboxMailer } from "../../src/mail/outbox_mailer.ts";
import { SmtpMailer } from "../../src/mail/smtp_mailer.ts";
import { SmtpServer } from "../support/smtp_server.ts";

const LETTER = { to: "zoe@clinic.test", subject: "S", text: "secret text" };

function open(
  options: Pick<MailQueueOptions, "mailer"> & Partial<MailQueueOptions>,
): { queue: MailQueue; logLines: string[]; logged: Promise<string> } {
  const logLines: string[] = [];
  const { promise: logged, resolve } = Promise.withResolvers<string>();
  const log = createLogger({
    write: (line) => {
      logLines.push(line);
      resolve(line);
    },
    clock: Date.now,
  });
  return { queue: new MailQueue({ log, ...options }), logLines, logged };
}

function smtp(server: SmtpServer): SmtpMailer {
  return new SmtpMailer({
    host: "127.0.0.1",
    port: server.port,
    security: "none",
    from: "no-reply@cloison.test",
  });
}

Deno.test("MailQueue: a letter that is not taken at first is sent again, and then once", async () => {
  await using server = new SmtpServer();
  server.refuse("451 later", "451 later");
  const { queue, logLines } = open({ mailer: smtp(server), firstRetryMs: 5 });
  queue.send(LETTER);
  while (server.letters.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await queue.close();
  equal(server.letters.length, 1);
  deepEqual(logLines, []);
});

Deno.test("MailQueue: a letter that nobody takes is given up, and the log says no more than that", async () => {
  await using server = new SmtpServer();
  server.refuse(...Array(10).fill("451 later"));
  const { queue, logged } = open({ mailer: smtp(server), firstRetryMs: 1 });
  queue.send(LETTER);
  const line = await logged;
  ok(line.includes("mail.not_sent") && line.includes('"attempt":5'));
  ok(!line.includes("zoe") && !line.includes("secret"));
  await queue.close();
  const none = open({ mailer: new NoMailer() });
  none.queue.send(LETTER);
  ok((await none.logged).includes('"attempt":1'));
});

Deno.test("MailQueue: what waits is bounded, and closing does not wait for another attempt", async () => {
  await using server = new SmtpServer();
  server.refuse("451 later");
  const { queue, logged } = open({
    mailer: smtp(server),
    maxWaiting: 1,
    firstRetryMs: 60_000,
  });
  queue.send(LETTER);
  queue.send(LETTER);
  ok((await logged).includes("mail.dropped"));
  equal(queue.size, 1);
  await queue.close();
  equal(queue.size, 0);
  equal(server.letters.length, 0);
});

Deno.test("OutboxMailer: a letter is a file that only its owner reads", async () => {
  const parent = await Deno.makeTempDir();
  const folder = `${parent}/outbox`;
  await new OutboxMailer(folder).send(LETTER);
  const [entry] = [...Deno.readDirSync(folder)];
  const path = `${folder}/${entry!.name}`;
  deepEqual(JSON.parse(await Deno.readTextFile(path)), LETTER);
  equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  await Deno.remove(parent, { recursive: true });
});
