import { PROJECT_DIR } from "./tools.ts";

/**
 * Fills the `{{name}}` places of `infra/<path>`.
 *
 * @throws {TypeError} if a place has no value
 */
export async function renderTemplate(
  path: string,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const text = await Deno.readTextFile(`${PROJECT_DIR}/infra/${path}`);
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new TypeError(`Cannot fill ${path}: no value for {{${name}}}`);
    }
    return value;
  });
}
