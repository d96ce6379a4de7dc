import {
  changePatient,
  createPatient,
  createQuote,
  getPatient,
  listPatients,
  login,
  type PatientPatch,
} from "./orval/client";

const { CLINIC, EMAIL, PASSWORD, NIR } = process.env as Record<string, string>;

async function main(): Promise<void> {
  const session = await login({
    clinic: CLINIC!,
    email: EMAIL!,
    password: PASSWORD!,
  });
  if (session.status !== 200) throw new Error("Cannot log in");
  const authorization = `Bearer ${session.data.accessToken}`;
  const asStaff = { headers: { authorization } };

  const complete = {
    profileStatus: "complete" as const,
    givenNames: "Zoë",
    familyName: "Le Goff",
    birthDate: "1987-04-23",
    nir: NIR!,
  };
  const created: string[] = [];
  for (let n = 0; n < 5; n++) {
    const made = await createPatient(
      n === 0 ? complete : {
        profileStatus: "provisional",
        givenNames: `Zoë ${n}`,
        phone: "+33639981234",
      },
      asStaff,
    );
    if (made.status !== 201) throw new Error("Cannot create");
    created.push(made.data.id);
  }

  const listed: string[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 2 };
    if (cursor !== null) query.cursor = cursor;
    const answer: Awaited<ReturnType<typeof listPatients>> = await listPatients(
      query,
      asStaff,
    );
    if (answer.status !== 200) throw new Error("Cannot list");
    listed.push(...answer.data.data.map(({ id }) => id));
    cursor = answer.data.page.nextCursor;
  } while (cursor !== null);

  const id = created[1]!;
  const read = await getPatient(id, asStaff);
  if (read.status !== 200) throw new Error("Cannot read");
  const patch: PatientPatch = { familyName: "Martin", addressLine2: null };
  const ifMatch = read.headers.get("etag")!;
  const changing = { headers: { authorization, "If-Match": ifMatch } };
  const patched = await changePatient(id, patch, changing);
  if (patched.status !== 200) throw new Error("Cannot change");
  const stale = await changePatient(id, patch, changing);

  const invalid = await createPatient(
    { ...complete, givenNames: " " },
    asStaff,
  );
  const pointers = invalid.status === 422 &&
      invalid.data.type === "/problems/invalid-request"
    ? invalid.data.errors.map(({ pointer }) => pointer)
    : [];
  const twice = await createPatient(complete, asStaff);
  const candidate = twice.status === 409 &&
      twice.data.type === "/problems/duplicate"
    ? twice.data.candidate
    : undefined;

  const before: string | null = read.data.familyName;
  const quote = await createQuote({ patientId: created[0]! }, asStaff);
  if (quote.status !== 201) throw new Error("Cannot quote");
  const seller: { name: string } | null = quote.data.seller;
  console.log(JSON.stringify({
    created,
    listed,
    before,
    after: patched.data.familyName,
    stale: stale.status === 412 ? stale.data.type : undefined,
    pointers,
    candidate,
    seller,
  }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
