import type { OpenAPIHono } from "@hono/zod-openapi";
import { finishSchemas } from "./openapi_examples.ts";
import { finishHeaders, HEADERS } from "./openapi_headers.ts";
import { type Node, type Operation, operationsOf } from "./openapi_nodes.ts";
import { finishParameters } from "./openapi_parameters.ts";
import { addProblems, problemResponses } from "./openapi_problems.ts";
import { PROBLEM_SCHEMAS } from "./problem_schemas.ts";

export type OpenApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

/** Only those that an operation has are published. */
const TAGS: Readonly<Record<string, string>> = {
  auth: "Logging in, and one's own account",
  staff: "The people who work in a clinic",
  patients: "The files of a clinic's patients",
  practitioners: "Who treats, and when they can be booked",
  appointments: "The calendar",
  catalogue: "Services and products, with their prices",
  documents: "Quotes, invoices and credit notes",
  consents: "What patients agreed to, and the proof of it",
  records: "Clinical notes and prescriptions",
  clinic: "The clinic's own profile",
  audit: "Who did what, and when",
  privacy: "Export, erasure and restriction of a person's data",
  platform: "Running the clinics; no token of a clinic opens it",
};

/** Has members of OpenAPI 3.1 that the library, which types `info` as 3.0, does not know. */
const INFO = {
  title: "Cloison API",
  summary: "A clinic's patients, each clinic in a database of its own",
  description: [
    "Every clinic has its own PostgreSQL database. An access token opens one clinic and no other.",
    "Every failure is a problem (RFC 9457); its `type` is the path of a page that explains it. `x-problems` lists, for each operation, which ones it can answer with.",
    "Within `/v1` nothing that exists is removed or renamed. New operations, members of answers, values of enumerations and problems may come: ignore the ones that you do not know.",
  ].join("\n\n"),
  contact: { name: "The maintainers of Cloison" },
  license: { name: "Apache License 2.0", identifier: "Apache-2.0" },
};

const PLATFORM_TOKEN = {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT",
  description:
    "An access token of a platform user, from `loginToPlatform`: another issuer, audience and key than any clinic's. It opens no clinic, and no clinic's token opens the platform; checked as RFC8725 says",
};

/** Stands for the host in a document that is not of one server. */
export const ANY_HOST = "https://{host}";

export interface OpenApiOptions {
  readonly version: string;
  /** Where the API is reached, without a slash at the end; `ANY_HOST` when that is not known. */
  readonly serverUrl: string;
}

/** The OpenAPI 3.1 document of everything that is mounted on `app`, from the validators and from nothing else. */
export function openApiDocument(
  app: OpenAPIHono,
  options: OpenApiOptions,
): OpenApiDocument {
  const registry = app.openAPIRegistry;
  for (const [name, schema] of PROBLEM_SCHEMAS) registry.register(name, schema);
  const { webhooks: _none, ...document } = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { ...INFO, version: options.version },
    servers: [serverOf(options.serverUrl)],
    security: [{ accessToken: [] }],
  }) as unknown as Node;
  return finish(document) as unknown as OpenApiDocument;
}

function finish(document: Node): Node {
  const { schemas } = document.components as Record<string, Node>;
  const headers: Record<string, Node> = { ...HEADERS };
  const parameters: Record<string, Node> = {};
  const tags = new Set<string>();
  const operations = operationsOf(document).map(({ operation }) => operation);
  for (const operation of operations) {
    addProblems(operation);
    finishParameters(operation, parameters);
    finishHeaders(operation, headers);
    sayPermission(operation);
    for (const tag of operation.tags as string[]) tags.add(tag);
  }
  const isPlatform = ({ tags }: Operation) =>
    (tags as string[]).includes("platform");
  document.components = {
    schemas,
    parameters,
    headers,
    responses: problemResponses(operations),
    securitySchemes: {
      accessToken: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description:
          "An access token of one clinic, from `login`: good for minutes, signed with that clinic's own key, checked as RFC8725 says",
      },
      ...(operations.some(isPlatform) ? { platformToken: PLATFORM_TOKEN } : {}),
    },
  };
  finishSchemas(document);
  const { openapi, info, servers, ...rest } = document;
  const listed = Object.entries(TAGS).filter(([name]) => tags.has(name));
  return {
    openapi,
    info,
    servers,
    tags: listed.map(([name, description]) => ({ name, description })),
    ...rest,
  };
}

function sayPermission(operation: Operation): void {
  const permission = operation["x-required-permission"];
  if (permission === undefined) return;
  operation.description += permission === "self"
    ? "\n\nNeeds no permission: it is about one's own account."
    : `\n\nNeeds the permission \`${permission}\`.`;
}

function serverOf(url: string): Node & { url: string } {
  const described = {
    url,
    description: "The production API",
    "x-internal": false,
  };
  if (url !== ANY_HOST) return described;
  const host = {
    default: "localhost",
    description: "Host, and port if it is not 443, of the API",
  };
  return { ...described, variables: { host } };
}
