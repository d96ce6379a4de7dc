import { describeApi } from "../../src/app.ts";
import { ANY_HOST } from "../../src/http/document/openapi.ts";

/** Where the document is kept, for those who generate clients and for the checks. From the root of the project. */
export const DOCUMENT_PATH = ".github/openapi.json";

/** The document of no server in particular, as it is committed: the same bytes every time. */
export function documentText(): string {
  return JSON.stringify(describeApi(ANY_HOST), null, 2) + "\n";
}
