/** Writes the OpenAPI document to where it is kept. */
import { DOCUMENT_PATH, documentText } from "./openapi/document.ts";

const file = new URL(`../${DOCUMENT_PATH}`, import.meta.url);
await Deno.writeTextFile(file, documentText());
