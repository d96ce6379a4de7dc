import { tidy } from "./openapi_headers.ts";
import { type Node, type Operation, refer } from "./openapi_nodes.ts";

/** Parameters that mean the same in every operation, and the names of their components. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ["query limit", "Limit"],
  ["query cursor", "Cursor"],
  ["header If-Match", "IfMatch"],
  ["header If-None-Match", "IfNoneMatch"],
  ["header Idempotency-Key", "IdempotencyKey"],
]);

/** Moves the parameters that operations share into `components`, and says the rest once instead of twice. */
export function finishParameters(
  operation: Operation,
  components: Record<string, Node>,
): void {
  if (operation.parameters === undefined) return;
  operation.parameters = operation.parameters.map((raw) => {
    const parameter = tidy(raw);
    if (parameter.in === "header") bound(parameter.schema as Node);
    const name = SHARED.get(`${parameter.in} ${parameter.name}`);
    if (name === undefined) return parameter;
    const known = components[name] ??= parameter;
    return JSON.stringify(known) === JSON.stringify(parameter)
      ? refer("parameters", name)
      : parameter;
  });
}

/** What a field of a header can hold at all (RFC 9110 section 5.5), where a route says nothing narrower. */
function bound(schema: Node): void {
  if (schema.type === "string" && !("enum" in schema)) {
    schema.pattern ??= "^[\\t -~\\u0080-\\u00FF]*$";
  }
}
