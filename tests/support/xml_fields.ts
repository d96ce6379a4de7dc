/** Path and text of every element of an XML document that has no elements inside, in order; attributes as `@name`. */
export function xmlFields(xml: string): [path: string, text: string][] {
  const fields: [string, string][] = [];
  const path: string[] = [];
  let open = "";
  for (const [, tag, text] of xml.matchAll(/<([^>]+)>([^<]*)/g)) {
    if (tag!.startsWith("?")) continue;
    if (tag!.startsWith("/")) {
      if (open === path.join("/")) open = "";
      path.pop();
      continue;
    }
    const [name, ...attributes] = tag!.split(/\s+(?=[\w:]+=)/);
    path.push(name!.replace(/^\w+:/, ""));
    open = path.join("/");
    for (const attribute of attributes) {
      const [key, value] = attribute.split("=");
      if (key!.startsWith("xmlns")) continue;
      fields.push([`${open}/@${key}`, value!.slice(1, -1)]);
    }
    if (text!.trim() !== "") fields.push([open, unescaped(text!)]);
  }
  return fields;
}

const CHARACTERS: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescaped(text: string): string {
  return text.replace(/&(\w+);/g, (whole, name) => CHARACTERS[name] ?? whole);
}
