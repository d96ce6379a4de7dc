import type { MailQueue } from "./mail_queue.ts";
import type { Mail } from "./mailer.ts";

export interface LettersOptions {
  readonly queue: Pick<MailQueue, "send">;
  /** Where the people's own application is; links lead into it. No trailing slash. */
  readonly linkBase: string;
}

/** Who a letter is to, and whose it is. */
export interface Addressee {
  readonly email: string;
  readonly givenNames: string;
  readonly clinicName: string;
}

type Letter = Pick<Mail, "subject" | "text">;

/** The letters that the API writes, in French and in English: it does not know who reads which. */
export class Letters {
  readonly #options: LettersOptions;

  constructor(options: LettersOptions) {
    this.#options = options;
  }

  /** @param days until the link is refused */
  invitation(to: Addressee, token: string, days: number): void {
    const link = this.#link("invitation", token);
    this.#send(to, {
      subject: `${to.clinicName} : votre invitation / your invitation`,
      text: [
        `${to.clinicName} vous invite à rejoindre son équipe. Choisissez votre mot de passe dans les ${days} jours :`,
        `${to.clinicName} invites you to join its team. Choose your password within ${days} days:`,
        link,
      ].join("\n\n"),
    });
  }

  /** @param minutes until the link is refused */
  passwordReset(to: Addressee, token: string, minutes: number): void {
    const link = this.#link("password-reset", token);
    this.#send(to, {
      subject: `${to.clinicName} : nouveau mot de passe / new password`,
      text: [
        `Pour choisir un nouveau mot de passe pour ${to.clinicName}, ouvrez ce lien dans les ${minutes} minutes. Si vous n'avez rien demandé, ne faites rien : votre mot de passe reste le même.`,
        `To choose a new password for ${to.clinicName}, open this link within ${minutes} minutes. If you did not ask for it, do nothing: your password stays the same.`,
        link,
      ].join("\n\n"),
    });
  }

  /**
   * Says nothing of what it is about: letters are read by others.
   * @param until RFC 3339; when the link is refused
   */
  consentLink(to: Addressee, token: string, until: string): void {
    const link = this.#link("consent", token);
    const [french, english] = deadlines(until);
    this.#send(to, {
      subject: `${to.clinicName} : un document pour vous / a document for you`,
      text: [
        `${to.clinicName} vous invite à lire un document et à y répondre. Ce lien est personnel et valable une seule fois, jusqu'au ${french} :`,
        `${to.clinicName} invites you to read a document and to answer it. This link is yours alone and good once, until ${english}:`,
        link,
      ].join("\n\n"),
    });
  }

  /** What a patient gets who has signed by a link: the way back, as short as the way there. */
  consentReceipt(to: Addressee, token: string, until: string): void {
    const link = this.#link("consent", token);
    const [french, english] = deadlines(until);
    this.#send(to, {
      subject: `${to.clinicName} : votre réponse / your answer`,
      text: [
        `${to.clinicName} a bien reçu votre signature. Vous pouvez la retirer à tout moment, auprès de ${to.clinicName} ou par ce lien jusqu'au ${french} :`,
        `${to.clinicName} has received your signature. You can withdraw it at any time, by asking ${to.clinicName} or by this link until ${english}:`,
        link,
      ].join("\n\n"),
    });
  }

  /**
   * Says nothing of what is behind it but that it is the patient's own; the passphrase comes on another way.
   * @param until RFC 3339; when the link is refused
   */
  exportLink(to: Addressee, token: string, until: string): void {
    const link = this.#link("export", token);
    const [french, english] = deadlines(until);
    this.#send(to, {
      subject: `${to.clinicName} : vos données / your data`,
      text: [
        `Vous avez demandé vos données à ${to.clinicName}. Ce lien est personnel et les télécharge une seule fois, jusqu'au ${french}. Le fichier s'ouvre avec la phrase secrète que l'établissement vous remet séparément :`,
        `You have asked ${to.clinicName} for your data. This link is yours alone and downloads them once, until ${english}. The file opens with the passphrase that the establishment gives you separately:`,
        link,
      ].join("\n\n"),
    });
  }

  /** What was done to an account, so that its owner notices when it was somebody else. */
  notice(to: Addressee, what: Notice): void {
    const [french, english] = NOTICES[what];
    this.#send(to, {
      subject: `${to.clinicName} : sécurité de votre compte / account security`,
      text: [
        `${french} Si ce n'était pas vous, prévenez sans attendre la direction de ${to.clinicName}.`,
        `${english} If it was not you, tell the management of ${to.clinicName} at once.`,
      ].join("\n\n"),
    });
  }

  #send(to: Addressee, { subject, text }: Letter): void {
    this.#options.queue.send({
      to: to.email,
      subject,
      text: `Bonjour ${to.givenNames},\n\n${text}\n`,
    });
  }

  /** In the fragment, which browsers do not send: no access log and no Referer ever holds the token. */
  #link(page: string, token: string): string {
    return `${this.#options.linkBase}/${page}#token=${token}`;
  }
}

/** The same instant for French and for English readers, in UTC. */
function deadlines(until: string): [french: string, english: string] {
  const at = new Date(until);
  const options = {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: "UTC",
  } as const;
  return [
    `${at.toLocaleString("fr-FR", options)} (UTC)`,
    `${at.toLocaleString("en-GB", options)} (UTC)`,
  ];
}

const NOTICES = {
  "password-changed": [
    "Le mot de passe de votre compte a été changé.",
    "The password of your account was changed.",
  ],
  "second-factor-on": [
    "La double authentification de votre compte a été activée.",
    "Two-factor authentication of your account was turned on.",
  ],
  "second-factor-off": [
    "La double authentification de votre compte a été désactivée.",
    "Two-factor authentication of your account was turned off.",
  ],
} as const;

export type Notice = keyof typeof NOTICES;
