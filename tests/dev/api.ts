import assert from "node:assert/strict";

/** Logs in over HTTP. @returns the access token */
export async function logIn(
  api: string,
  clinic: string,
  email: string,
  password: string,
): Promise<string> {
  const response = await fetch(`${api}/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clinic, email, password }),
  });
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  return body.accessToken;
}

/** Walks the whole list. */
export async function countPatients(
  api: string,
  token: string,
): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const response = await fetch(`${api}/v1/patients?limit=100${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(response.status, 200);
    const page = await response.json();
    count += page.data.length;
    cursor = page.page.nextCursor;
  } while (cursor !== null);
  return count;
}
