import { equal } from "node:assert/strict";
import type { Answer, Client } from "../support/client.ts";

/** The least that a complete file needs. */
export const ZOE = {
  profileStatus: "complete",
  givenNames: "Zoë",
  familyName: "Le Goff",
  birthDate: "1987-04-23",
};

export async function makePatient(
  client: Client,
  members: object = {},
): Promise<Answer> {
  const answer = await client.post("/v1/patients", { ...ZOE, ...members });
  equal(answer.status, 201);
  return answer;
}
