import { type ApiAnswer, ask, type LoggedIn, logIn } from "../api_client.ts";
import type { Row } from "../row.ts";

/** How soon the end of a session must be known to every process. */
const ENDED_WITHIN_MS = 2_000;
const POLL_MS = 50;

/** A session of its own: it is ended twice over, by the thief's second use of a token and by log-out. */
export async function playRefreshToken(
  api: string,
  row: Row,
  thief: LoggedIn,
  victim: LoggedIn,
): Promise<void> {
  const { slug } = thief.clinic;
  const first = await logIn(api, thief.account);
  if (first.refresh === undefined) return;
  const [own, secret] = first.refresh.split(".");
  row.control(own === thief.clinic.id, "the form of a refresh token");
  const moved = await post(api, `${victim.clinic.id}.${secret}`);
  row.attempt(
    moved.status < 300
      ? `the refresh token of ${slug} opens ${victim.clinic.slug}`
      : undefined,
  );
  const renewed = await post(api, first.refresh);
  row.control(
    renewed.status === 200,
    `the refresh token of ${slug} (${renewed.status})`,
  );
  // Of a client that did not hear the answer: the same again, never a second successor.
  const repeated = await post(api, first.refresh);
  row.attempt(
    repeated.status < 300 &&
      repeated.body.refreshToken !== renewed.body.refreshToken
      ? `a refresh token of ${slug} has two successors`
      : undefined,
  );
  const present = await post(api, renewed.body.refreshToken ?? "");
  row.control(present.status === 200, `the second refresh of ${slug}`);
  // Whoever comes with a token that was used before is a thief, or was robbed: the session is over for both.
  const reused = await post(api, first.refresh);
  row.attempt(
    reused.status < 300
      ? `a used refresh token of ${slug} is good again`
      : undefined,
  );
  const successor = await post(api, present.body.refreshToken ?? "");
  row.attempt(
    successor.status < 300
      ? `a session of ${slug} outlives the second use of its refresh token`
      : undefined,
  );
  await mustEnd(api, row, present.body.accessToken, `${slug}, used twice`);
  const second = await logIn(api, thief.account);
  await ask(api, "/v1/auth/logout", {
    method: "POST",
    body: { refreshToken: second.refresh },
  });
  await mustEnd(api, row, second.access, `${slug}, logged out`);
}

function post(api: string, refreshToken: string): Promise<ApiAnswer> {
  const body = { refreshToken };
  return ask(api, "/v1/auth/refresh", { method: "POST", body });
}

async function mustEnd(
  api: string,
  row: Row,
  token: string,
  what: string,
): Promise<void> {
  const deadline = performance.now() + ENDED_WITHIN_MS;
  for (;;) {
    const { status } = await ask(api, "/v1/auth/me", { token });
    if (status === 401) return row.attempt();
    if (performance.now() > deadline) {
      return row.attempt(`an access token outlives its session (${what})`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
