import { createClient, paginate, ProblemError, unwrap } from "@cloison/client";

const { CLOISON_URL, CLOISON_CLINIC, CLOISON_EMAIL, CLOISON_PASSWORD } = process
  .env as Record<string, string>;

const anonymous = createClient({ baseUrl: CLOISON_URL! });
const { accessToken } = await unwrap(anonymous.POST("/v1/auth/login", {
  body: {
    clinic: CLOISON_CLINIC!,
    email: CLOISON_EMAIL!,
    password: CLOISON_PASSWORD!,
  },
}));
const cloison = createClient({ baseUrl: CLOISON_URL!, accessToken });

const patients = paginate((cursor) =>
  cloison.GET("/v1/patients", {
    params: { query: cursor === undefined ? {} : { cursor } },
  })
);
for await (const { givenNames, familyName } of patients) {
  console.log(givenNames, familyName ?? "(no family name yet)");
}

try {
  await unwrap(cloison.POST("/v1/patients", {
    body: {
      profileStatus: "complete",
      givenNames: " ",
      familyName: "Le Goff",
      birthDate: "1987-04-23",
    },
  }));
} catch (error) {
  if (!(error instanceof ProblemError)) throw error;
  if (error.problem.type !== "/problems/invalid-request") throw error;
  for (const { pointer, detail } of error.problem.errors) {
    console.log(pointer, detail);
  }
}
