/** A part of an OpenAPI document. The library types 3.0; this project publishes 3.1. */
export type Node = Record<string, unknown>;

export interface Operation extends Node {
  description: string;
  parameters?: Node[];
  responses: Record<string, Node>;
}

export const METHODS = ["get", "put", "post", "patch", "delete"] as const;

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface PlacedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Every operation of a document, in its order. */
export function operationsOf(document: Node): PlacedOperation[] {
  return Object.entries(document.paths as Record<string, Node>).flatMap(
    ([path, item]) =>
      METHODS.flatMap((method) =>
        isNode(item[method])
          ? [{ path, method, operation: item[method] as Operation }]
          : []
      ),
  );
}

/** A reference to a component. */
export function refer(kind: string, name: string): Node {
  return { $ref: `#/components/${kind}/${name}` };
}

/** The component that a local reference names, or the node itself. */
export function resolve(document: Node, node: Node): Node {
  if (typeof node.$ref !== "string") return node;
  const steps = node.$ref.split("/").slice(1);
  return steps.reduce<Node>((at, step) => at[step] as Node, document);
}
