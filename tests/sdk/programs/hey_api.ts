import { client } from "./hey_api/client.gen";
import {
  changePatient,
  createPatient,
  createQuote,
  getPatient,
  listPatients,
  login,
} from "./hey_api/sdk.gen";
import type { PatientPage, PatientPatch } from "./hey_api/types.gen";

const { API_URL, CLINIC, EMAIL, PASSWORD, NIR } = process.env as Record<
  string,
  string
>;

async function main(): Promise<void> {
  client.setConfig({ baseUrl: API_URL! });
  const { data: session } = await login({
    body: { clinic: CLINIC!, email: EMAIL!, password: PASSWORD! },
    throwOnError: true,
  });
  client.setConfig({ baseUrl: API_URL!, auth: () => session.accessToken });

  const complete = {
    profileStatus: "complete" as const,
    givenNames: "Zoë",
    familyName: "Le Goff",
    birthDate: "1987-04-23",
    nir: NIR!,
  };
  const { data: first } = await createPatient({
    body: complete,
    throwOnError: true,
  });
  const created = [first.id];
  for (let n = 0; n < 4; n++) {
    const { data } = await createPatient({
      body: {
        profileStatus: "provisional",
        givenNames: `Zoë ${n}`,
        phone: "+33639981234",
      },
      throwOnError: true,
    });
    created.push(data.id);
  }

  const listed: string[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 2 };
    if (cursor !== null) query.cursor = cursor;
    const { data: page }: {
      data: PatientPage;
    } = await listPatients({ query, throwOnError: true });
    listed.push(...page.data.map(({ id }) => id));
    cursor = page.page.nextCursor;
  } while (cursor !== null);

  const path = { id: created[1]! };
  const { data: read, response } = await getPatient({ path });
  const body: PatientPatch = { familyName: "Martin", addressLine2: null };
  const headers = { "If-Match": response!.headers.get("etag")! };
  const { data: patched } = await changePatient({
    path,
    headers,
    body,
    throwOnError: true,
  });
  const stale = await changePatient({ path, headers, body });

  const invalid = await createPatient({
    body: { ...complete, givenNames: " " },
  });
  const pointers = invalid.error?.type === "/problems/invalid-request"
    ? invalid.error.errors.map(({ pointer }) => pointer)
    : [];
  const twice = await createPatient({ body: complete });
  const candidate = twice.error?.type === "/problems/duplicate"
    ? twice.error.candidate
    : undefined;

  const { data: quote } = await createQuote({
    body: { patientId: created[0]! },
    throwOnError: true,
  });
  const seller: { name: string } | null = quote.seller;

  const before: string | null | undefined = read?.familyName;
  console.log(JSON.stringify({
    created,
    listed,
    before,
    after: patched.familyName,
    stale: stale.error?.type,
    pointers,
    candidate,
    seller,
  }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
