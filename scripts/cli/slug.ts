/** The pattern of `migrations/central/0001_registry.sql`. */
export const SLUG = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

const MAX_LENGTH = 63;
const LIGATURES: Readonly<Record<string, string>> = {
  "œ": "oe",
  "æ": "ae",
  "ß": "ss",
  "ø": "o",
  "đ": "d",
  "ł": "l",
};

/**
 * A short name made of a clinic's name: `Clinique de l'Étoile` becomes `clinique-de-l-etoile`. Undefined when there
 * are fewer than three letters or digits to make it of.
 */
export function slugOf(name: string): string | undefined {
  const slug = name.normalize("NFKD").toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[œæßøđł]/g, (letter) => LIGATURES[letter]!)
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, MAX_LENGTH)
    .replace(/-$/, "");
  return SLUG.test(slug) ? slug : undefined;
}
