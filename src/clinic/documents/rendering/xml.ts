/** An XML element; children that are `undefined` are left out. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string | undefined)[];
}

export function element(
  name: string,
  ...children: readonly (XmlElement | string | undefined)[]
): XmlElement {
  return { name, attributes: {}, children };
}

export function withAttributes(
  { name, children }: XmlElement,
  attributes: Readonly<Record<string, string>>,
): XmlElement {
  return { name, attributes, children };
}

/** A document in UTF-8, with its declaration. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serialised(root)}\n`;
}

/** What every text that this API stores may hold, XML 1.0 can write; these characters mean something to it. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function serialised({ name, attributes, children }: XmlElement): string {
  const given = Object.entries(attributes).map(([key, value]) =>
    ` ${key}="${escapeXml(value)}"`
  ).join("");
  const content = children.map((child) =>
    child === undefined
      ? ""
      : typeof child === "string"
      ? escapeXml(child)
      : serialised(child)
  ).join("");
  return `<${name}${given}>${content}</${name}>`;
}
