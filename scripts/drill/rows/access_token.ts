import { type ApiAnswer, ask, isSilent, type LoggedIn } from "../api_client.ts";
import type { Operation } from "../document.ts";
import type { Drill, Scenario } from "../drill.ts";
import { fillPath } from "../entities.ts";
import { inParallel, others } from "../pairs.ts";
import type { Row } from "../row.ts";
import { claimsOf } from "./claims.ts";
import { playRefreshToken } from "./refresh_token.ts";

/** Longer would not be "minutes". */
const MAX_TOKEN_SECONDS = 15 * 60;
/** Operations that each clinic tries on each other one, beside its turn at all of them. */
const READS_OF_A_PAIR = 3;
/** Another clinic is named at every operation, but not by everybody: what refuses it stands before them all. */
const NAMED_BY_ONE_IN = 3;

/** Somebody has the tokens of a person in one clinic. */
export const accessToken: Scenario = {
  id: "access-token",
  leaked: "a staff access or refresh token",
  expected: "that clinic, for minutes, revocable",
  how:
    "Each clinic's token on every operation of the published document: with ids of what is really in another clinic, with the other clinic named in a header and in the query. An answer must not even tell such an id from one that nobody has. The refresh token at another clinic, as an access token, used twice, and after log-out.",
  play: async (drill, row) => {
    row.control(drill.loggedIn.length >= 2, "two clinics with a log-in");
    await inParallel(
      drill.loggedIn.keys(),
      4,
      (index) => new Thief(drill, row, index).play(),
    );
    row.opens("that clinic, for minutes");
  },
};

/** Plays the token of one clinic against the others. */
class Thief {
  readonly #drill: Drill;
  readonly #row: Row;
  readonly #index: number;
  readonly #self: LoggedIn;
  /** What is answered to ids that nobody has, by operation. */
  readonly #unknown = new Map<string, ApiAnswer>();

  constructor(drill: Drill, row: Row, index: number) {
    this.#drill = drill;
    this.#row = row;
    this.#index = index;
    this.#self = drill.loggedIn[index]!;
  }

  async play(): Promise<void> {
    const { target, loggedIn, operations } = this.#drill;
    const rest = others(loggedIn, this.#index);
    const [next] = rest;
    if (!next) return;
    const secured = operations.filter((operation) => operation.secured);
    const byId = secured.filter(({ path }) => path.includes("{"));
    // Those in which there is something of every kind, in turns; and each of the others.
    const rich = richest(rest);
    this.#row.attempt(tooLong(this.#self));
    await this.#control();
    for (const [at, operation] of secured.entries()) {
      const turn = this.#index + at;
      const victim = rich[turn % rich.length]!;
      const share = Math.min(NAMED_BY_ONE_IN, loggedIn.length);
      if (turn % share === 0) {
        const [victim, round] = [rest[turn % rest.length]!, turn / share];
        await this.#nameOther(operation, victim, round % 2 === 0);
      }
      await this.#showRefreshToken(operation, turn);
      if (operation.path.includes("{")) await this.#ask(operation, victim);
    }
    const reads = byId.filter(({ method }) => method === "GET");
    for (const [at, victim] of rest.entries()) {
      for (let i = 0; i < READS_OF_A_PAIR; i++) {
        const turn = this.#index + at * READS_OF_A_PAIR + i;
        const read = reads[turn % reads.length];
        if (read) await this.#ask(read, victim);
      }
    }
    await this.#control();
    await playRefreshToken(target.api, this.#row, this.#self, next);
  }

  /** Where its ids are its own, the token is good. */
  async #control(): Promise<void> {
    const { tokens, clinic } = this.#self;
    const path = "/v1/auth/me";
    const me = await ask(this.#drill.target.api, path, {
      token: tokens.access,
    });
    this.#row.control(
      me.status === 200 && me.body.clinic?.id === clinic.id,
      `the token of ${clinic.slug} in its own clinic (${me.status})`,
    );
  }

  /** Somebody else's ids in the path: the answer is the one that an id gets which nobody has. */
  async #ask(operation: Operation, victim: LoggedIn): Promise<void> {
    const spare = victim.patientIds[0] ?? victim.clinic.id;
    const idOf = (list: string) => victim.entities.get(list) ?? spare;
    const answer = await this.#send(operation, fillPath(operation, idOf)!);
    let unknown = this.#unknown.get(operation.id);
    if (!unknown) {
      const path = fillPath(operation, () => crypto.randomUUID())!;
      unknown = await this.#send(operation, path);
      this.#unknown.set(operation.id, unknown);
    }
    const what = `${operation.id} with a token of ${this.#self.clinic.slug}`;
    this.#attempt(what, answer, victim);
    this.#row.attempt(
      isSilent(unknown) || withoutIds(answer) === withoutIds(unknown)
        ? undefined
        : `${what} tells what is in ${victim.clinic.slug} from what is nowhere: ${answer.status}, ${unknown.status}`,
    );
  }

  /** The other clinic named beside the token: an error, never ignored. */
  async #nameOther(
    operation: Operation,
    victim: LoggedIn,
    inHeader: boolean,
  ): Promise<void> {
    const { id, slug } = victim.clinic;
    const path = fillPath(
      operation,
      (list) => this.#self.entities.get(list) ?? crypto.randomUUID(),
    )!;
    const asked = new URLSearchParams(operation.query);
    if (!inHeader) asked.set("clinicId", id);
    const answer = await this.#send(
      operation,
      asked.size === 0 ? path : `${path}?${asked}`,
      inHeader ? { "x-clinic-id": id } : {},
    );
    const what =
      `${operation.id} with a token of ${this.#self.clinic.slug}, naming ${slug}`;
    this.#attempt(what, answer, victim);
    const refused = [401, 403].includes(answer.status) || isSilent(answer);
    this.#row.attempt(refused ? undefined : `${what}: ${answer.status}`);
  }

  /** A refresh token is no access token: each clinic's on its share of all operations. */
  async #showRefreshToken(operation: Operation, turn: number): Promise<void> {
    const { tokens, clinic } = this.#self;
    if (turn % this.#drill.loggedIn.length !== 0 || !tokens.refresh) return;
    const path = fillPath(operation, () => crypto.randomUUID())!;
    const { api } = this.#drill.target;
    const token = tokens.refresh;
    const answer = await ask(api, path, { method: operation.method, token });
    const what = `${operation.id} with a refresh token of ${clinic.slug}`;
    this.#row.control(!isSilent(answer), `${what} (${answer.status})`);
    this.#row.attempt(
      answer.status === 401 || isSilent(answer)
        ? undefined
        : `${what}: ${answer.status}`,
    );
  }

  #send(
    { method, body, query }: Operation,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const url = path.includes("?") ? path : path + query;
    return ask(this.#drill.target.api, url, {
      method,
      token: this.#self.tokens.access,
      body: body?.value,
      headers: {
        ...(body ? { "content-type": body.type } : {}),
        "if-match": '"1"',
        ...headers,
      },
    });
  }

  #attempt(what: string, answer: ApiAnswer, victim: LoggedIn): void {
    this.#row.control(!isSilent(answer), `${what} (${answer.status})`);
    this.#row.attempt(opened(what, answer, victim));
  }
}

/** Those in which the most kinds of things were found. */
function richest(people: readonly LoggedIn[]): LoggedIn[] {
  const most = Math.max(...people.map(({ entities }) => entities.size));
  return people.filter(({ entities }) => entities.size === most);
}

function opened(
  what: string,
  { status, text }: ApiAnswer,
  { clinic }: LoggedIn,
): string | undefined {
  if (status < 300) return `${what} on ${clinic.slug}: ${status}`;
  const shown = [clinic.slug, clinic.name].some((name) => text.includes(name));
  return shown ? `${what} tells of ${clinic.slug}` : undefined;
}

function withoutIds({ status, text }: ApiAnswer): string {
  const ids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  return `${status} ${text.replaceAll(ids, "")}`;
}

function tooLong({ tokens, clinic }: LoggedIn): string | undefined {
  const { exp, iat } = claimsOf(tokens.access);
  return exp - iat <= MAX_TOKEN_SECONDS
    ? undefined
    : `a token of ${clinic.slug} lives ${exp - iat} s`;
}
