import { deepEqual, equal, match } from "node:assert/strict";
import { wellKnownRoutes } from "../../src/http/document/well_known.ts";

const NOW = Date.parse("2026-01-15T10:00:00Z");

const routes = wellKnownRoutes({
  publicUrl: "https://api.clinic.example",
  securityContact: "mailto:security@clinic.example",
  clock: () => NOW,
});

Deno.test("well-known: the catalog leads to the document and the pages", async () => {
  const answer = await routes.request("/.well-known/api-catalog");
  equal(answer.status, 200);
  match(answer.headers.get("content-type")!, /^application\/linkset\+json;/);
  equal(
    answer.headers.get("link"),
    '</.well-known/api-catalog>; rel="api-catalog"',
  );
  const { linkset: [{ anchor, ...links }] } = await answer.json();
  equal(anchor, "https://api.clinic.example/v1");
  deepEqual(
    Object.entries(links as Record<string, [{ href: string }]>).map((
      [rel, [link]],
    ) => [rel, new URL(link.href).pathname]),
    [
      ["service-desc", "/openapi.json"],
      ["service-doc", "/docs"],
      ["status", "/readyz"],
    ],
  );
});

Deno.test("well-known: who hears of weaknesses stands in security.txt, and not for ever", async () => {
  const answer = await routes.request("/.well-known/security.txt");
  match(answer.headers.get("content-type")!, /^text\/plain/);
  const lines = (await answer.text()).split("\n");
  equal(lines[0], "Contact: mailto:security@clinic.example");
  equal(lines[1], "Expires: 2026-07-14T10:00:00.000Z");
  equal(
    lines[3],
    "Canonical: https://api.clinic.example/.well-known/security.txt",
  );
});
