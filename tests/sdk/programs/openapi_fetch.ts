import {
  type components,
  createClient,
  isProblem,
  paginate,
  ProblemError,
  unwrap,
} from "@cloison/client";

const { API_URL, CLINIC, EMAIL, PASSWORD, NIR } = process.env as Record<
  string,
  string
>;

const anonymous = createClient({ baseUrl: API_URL! });
const { accessToken, refreshToken } = await unwrap(anonymous.POST("/v1/auth/login", {
  body: { clinic: CLINIC!, email: EMAIL!, password: PASSWORD! },
}));
const cloison = createClient({
  baseUrl: API_URL!,
  accessToken: () => Promise.resolve(accessToken),
});

const complete = {
  profileStatus: "complete" as const,
  givenNames: "Zoë",
  familyName: "Le Goff",
  birthDate: "1987-04-23",
  nir: NIR!,
};
const first = await unwrap(cloison.POST("/v1/patients", { body: complete }));
const created = [first.id];
for (let n = 0; n < 4; n++) {
  const { id } = await unwrap(cloison.POST("/v1/patients", {
    body: {
      profileStatus: "provisional",
      givenNames: `Zoë ${n}`,
      phone: "+33639981234",
    },
  }));
  created.push(id);
}

const listed: string[] = [];
const everybody = paginate((cursor) =>
  cloison.GET("/v1/patients", {
    params: { query: { limit: 2, ...(cursor ? { cursor } : {}) } },
  })
);
for await (const { id } of everybody) listed.push(id);

const path = { id: created[1]! };
const { data: read, response } = await cloison.GET("/v1/patients/{id}", {
  params: { path },
});
const patch: components["schemas"]["PatientPatch"] = {
  familyName: "Martin",
  addressLine2: null,
};
const header = { "If-Match": response.headers.get("etag")! };
const patched = await unwrap(cloison.PATCH("/v1/patients/{id}", {
  params: { path, header },
  body: patch,
}));
const stale = await cloison.PATCH("/v1/patients/{id}", {
  params: { path, header },
  body: patch,
});

const invalid = await cloison.POST("/v1/patients", {
  body: { ...complete, givenNames: " " },
});
const pointers = invalid.error?.type === "/problems/invalid-request"
  ? invalid.error.errors.map(({ pointer }) => pointer)
  : [];

let candidate: string | undefined;
try {
  await unwrap(cloison.POST("/v1/patients", { body: complete }));
} catch (error) {
  if (!(error instanceof ProblemError) || !isProblem(error.problem)) throw error;
  if (error.problem.type === "/problems/duplicate") {
    candidate = error.problem.candidate;
  }
}

const quote = await unwrap(cloison.POST("/v1/quotes", {
  body: { patientId: first.id },
}));
const seller: { name: string } | null = quote.seller;

// An answer without a body is no failure.
const nothing: undefined = await unwrap(
  cloison.POST("/v1/auth/logout", { body: { refreshToken } }),
);
if (nothing !== undefined) throw new Error("Cannot log out: there is an answer");

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
