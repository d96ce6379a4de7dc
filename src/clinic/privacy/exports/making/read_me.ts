import type { ArchiveFile } from "./collect.ts";

/** For the person who opens the archive, in French and in English. */
export function readMe(clinicName: string): ArchiveFile {
  const text = [
    `${clinicName} : vos données / your data`,
    "",
    "Cette archive contient tout ce que l'établissement conserve à votre sujet (RGPD, articles 15 et 20).",
    "Ce qui a l'extension .json se lit dans un navigateur ou un éditeur de texte, et par d'autres logiciels ; schemas/ en donne le sens, champ par champ.",
    "documents/ contient vos devis, factures et avoirs en PDF. accesses.json dit qui a ouvert votre dossier et quand.",
    "Le personnel y figure sous des pseudonymes (staff-1, …) ; staff.json donne leurs fonctions.",
    "manifest.json donne la taille et l'empreinte SHA-256 de chaque fichier.",
    "",
    "This archive holds everything that the establishment keeps about you (GDPR, articles 15 and 20).",
    "What ends in .json can be read in a browser or a text editor, and by other programs; schemas/ says what it means, member by member.",
    "documents/ holds your quotes, invoices and credit notes as PDF. accesses.json says who opened your file, and when.",
    "Members of the staff stand in it by pseudonyms (staff-1, …); staff.json gives their roles.",
    "manifest.json gives size and SHA-256 of every file.",
    "",
  ].join("\r\n");
  return {
    path: "README.txt",
    mediaType: "text/plain; charset=utf-8",
    content: () => Promise.resolve([new TextEncoder().encode(text)]),
  };
}
