import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Node } from "../../src/http/document/openapi_nodes.ts";

/** Whether a value is one that a schema describes; says what is wrong with one that is not. */
export type Check = (value: unknown) => string | undefined;

/** Validates by an OpenAPI 3.1 document, strictly: JSON Schema 2020-12, formats included, unknown keywords refused. */
export class DocumentValidator {
  readonly #ajv: Ajv2020;

  constructor(document: Node) {
    this.#ajv = new Ajv2020({
      strict: true,
      strictTypes: false,
      strictRequired: false,
      allErrors: false,
      // OpenAPI's own; what it says is in `oneOf` too.
      keywords: ["discriminator", "example"],
      formats: { int32: true, password: true },
    });
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    const { schemas } = document.components as Node;
    this.#ajv.addSchema({ $id: HOME, $defs: moved(schemas) });
  }

  /** A check by a schema of the document. */
  of(schema: unknown): Check {
    const validate = this.#ajv.compile(moved(schema) as Node);
    return (value) =>
      validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  component(name: string): Check {
    return this.of({ $ref: `#/components/schemas/${name}` });
  }
}

const HOME = "https://document.example/";

/** Components are definitions, so that the document is one schema. */
function moved(schema: unknown): unknown {
  return JSON.parse(
    JSON.stringify(schema).replaceAll(
      '"$ref":"#/components/schemas/',
      `"$ref":"${HOME}#/$defs/`,
    ),
  );
}
