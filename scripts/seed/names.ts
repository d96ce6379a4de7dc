import {
  type Birthplace,
  type FOREIGN,
  pick,
  pickWeighted,
  type Random,
} from "./places.ts";

/** Given names by the sex and the time for which French civil records show them. */
export interface GivenNames {
  readonly female: readonly string[];
  readonly male: readonly string[];
}

/** Given names from `since` on, until the next entry. */
export interface Generation extends GivenNames {
  readonly since: number;
}

export const GENERATIONS: readonly Generation[] = [
  {
    since: 0,
    female: [
      "Jeanne",
      "Simone",
      "Yvonne",
      "Paulette",
      "Odette",
      "Geneviève",
      "Thérèse",
      "Andrée",
      "Marie-Louise",
      "Marie-Thérèse",
      "Raymonde",
      "Huguette",
    ],
    male: [
      "André",
      "Marcel",
      "René",
      "Roger",
      "Lucien",
      "Maurice",
      "Raymond",
      "Gaston",
      "Émile",
      "Henri",
      "Jean-Marie",
      "Fernand",
    ],
  },
  {
    since: 1945,
    female: [
      "Monique",
      "Françoise",
      "Marie-Christine",
      "Anne-Marie",
      "Danièle",
      "Michèle",
      "Chantal",
      "Brigitte",
      "Catherine",
      "Hélène",
      "Marie-José",
      "Agnès",
      "Solange",
    ],
    male: [
      "Jean-Pierre",
      "Jean-Claude",
      "Michel",
      "Gérard",
      "Alain",
      "Daniel",
      "François",
      "Jean-François",
      "Hervé",
      "Patrick",
      "Yves",
      "Joël",
      "Noël",
    ],
  },
  {
    since: 1968,
    female: [
      "Nathalie",
      "Sandrine",
      "Valérie",
      "Stéphanie",
      "Céline",
      "Aurélie",
      "Émilie",
      "Anne-Sophie",
      "Laëtitia",
      "Bérengère",
      "Maïté",
      "Virginie",
      "Delphine",
    ],
    male: [
      "Christophe",
      "Stéphane",
      "Frédéric",
      "Sébastien",
      "Jérôme",
      "Gaël",
      "Cédric",
      "Jean-Baptiste",
      "Loïc",
      "Aurélien",
      "Nicolas",
      "Benoît",
      "Pierre-Yves",
    ],
  },
  {
    since: 1990,
    female: [
      "Zoë",
      "Éloïse",
      "Chloé",
      "Manon",
      "Inès",
      "Clémence",
      "Océane",
      "Maëlle",
      "Noémie",
      "Camille",
      "Anaïs",
      "Héloïse",
      "Lou-Anne",
    ],
    male: [
      "Théo",
      "Hugo",
      "Clément",
      "Maël",
      "Mathéo",
      "Rémi",
      "Raphaël",
      "Gaëtan",
      "Camille",
      "Florian",
      "Jean-Baptiste",
      "Ewen",
      "Côme",
    ],
  },
  {
    since: 2010,
    female: [
      "Zoé",
      "Louise",
      "Jade",
      "Léonie",
      "Maëlys",
      "Agathe",
      "Apolline",
      "Éléonore",
      "Rose",
      "Alix",
      "Anna-Lou",
      "Iris",
    ],
    male: [
      "Gabriel",
      "Léo",
      "Noé",
      "Timéo",
      "Anaël",
      "Éliott",
      "Marceau",
      "Sacha",
      "Aloïs",
      "Nathanaël",
      "Jules",
      "Paul-Émile",
    ],
  },
];

/** Families whose names came from one region or country, and those whose names are found all over France. */
export interface Origin {
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  readonly familyNames: readonly string[];
  /** Given names of this origin; `null` where the French ones are usual. */
  readonly givenNames: GivenNames | null;
  /** Countries where the generation that came was born; empty where nobody came from abroad. */
  readonly countries: readonly (keyof typeof FOREIGN)[];
  /** Where many of them were born. */
  readonly home: Birthplace;
}

/** Names with a particle, which sort, search and print differently from others. */
export const PARTICLE_NAMES: readonly string[] = [
  "de La Tour",
  "d'Ormesson",
  "de Saint-Exupéry",
  "du Plessis",
  "Le Goff",
  "de Villèle",
  "d'Hérouville",
  "La Fontaine",
  "Le Guen",
  "L'Hostis",
  "des Essarts",
];

export const ORIGINS = {
  france: {
    weight: 62,
    familyNames: [
      "Martin",
      "Bernard",
      "Dubois",
      "Lefèvre",
      "Moreau",
      "Garnier",
      "Fournier",
      "Mercier",
      "Chevallier",
      "Gauthier",
      "Perrin",
      "Béranger",
      "Renaud",
      "Château",
      "Prévost",
      "Lemaître",
      "Barthélémy",
      "Noël",
      "Aubépin",
      "Boulanger",
      "Delaître",
      "Desprès",
      "Crépin",
      "Faÿ",
      "Lecœur",
      "Schmitt",
      "Muller",
      "Vandenbroucke",
      "Etcheverry",
      "Puig",
    ],
    givenNames: null,
    countries: [],
    home: "metropolis",
  },
  brittany: {
    weight: 5,
    familyNames: ["Le Goff", "Le Guen", "Kerouédan", "Guéguen", "Jézéquel"],
    givenNames: {
      female: ["Maëlle", "Gwenaëlle", "Nolwenn", "Soizic", "Anne-Gaëlle"],
      male: ["Gaël", "Yann", "Loïc", "Malo", "Hervé", "Erwan"],
    },
    countries: [],
    home: "metropolis",
  },
  corsica: {
    weight: 2,
    familyNames: ["Casanova", "Paoli", "Leca", "Santini", "Colonna"],
    givenNames: {
      female: ["Lesia", "Vannina", "Marie-Ange", "Laetitia", "Dévote"],
      male: ["Ange-Toussaint", "Pascal", "Jean-Noël", "Dominique", "Pasquale"],
    },
    countries: [],
    home: "corsica",
  },
  overseas: {
    weight: 4,
    familyNames: ["Hoarau", "Payet", "Grondin", "Césaire", "Jean-Baptiste"],
    givenNames: null,
    countries: [],
    home: "overseas",
  },
  portugal: {
    weight: 5,
    familyNames: ["da Silva", "Ferreira", "dos Santos", "Gonçalves", "Simões"],
    givenNames: {
      female: ["Maria de Fátima", "Conceição", "Inês", "Lurdes", "Sandra"],
      male: ["João", "José Manuel", "António", "Rui", "Tiago"],
    },
    countries: ["portugal"],
    home: "abroad",
  },
  spain: {
    weight: 2,
    familyNames: ["García Pérez", "Muñoz", "Ibáñez", "Fernandez", "Núñez"],
    givenNames: {
      female: ["Carmen", "María Dolores", "Inés", "Pilar"],
      male: ["Andrés", "José", "Jesús", "Íñigo"],
    },
    countries: ["spain"],
    home: "abroad",
  },
  italy: {
    weight: 3,
    familyNames: ["Rossi", "Di Marco", "Dell'Aquila", "Bianchi", "Lo Presti"],
    givenNames: {
      female: ["Giulia", "Concetta", "Maria Grazia", "Chiara"],
      male: ["Giovanni", "Niccolò", "Salvatore", "Matteo"],
    },
    countries: ["italy"],
    home: "abroad",
  },
  poland: {
    weight: 2,
    familyNames: ["Kowalczyk", "Wiśniewski", "Nowak", "Zieliński", "Wójcik"],
    givenNames: {
      female: ["Agnieszka", "Małgorzata", "Zofia", "Hélène"],
      male: ["Stanisław", "Casimir", "Łukasz", "Paweł"],
    },
    countries: ["poland"],
    home: "abroad",
  },
  maghreb: {
    weight: 8,
    familyNames: [
      "Ben Youssef",
      "Benali",
      "El Amrani",
      "Haddad",
      "Bouzid",
      "Ait Ouarab",
      "Trabelsi",
      "Ould Kaci",
    ],
    givenNames: {
      female: ["Fatima-Zohra", "Leïla", "Nawel", "Khadija", "Yasmina", "Inès"],
      male: ["Mohamed", "Karim", "Youssef", "Abd-el-Kader", "Mehdi", "Rayan"],
    },
    countries: ["algeria", "morocco", "tunisia"],
    home: "abroad",
  },
  west_africa: {
    weight: 3,
    familyNames: ["Traoré", "Diallo", "N'Diaye", "Coulibaly", "Keïta"],
    givenNames: {
      female: ["Aminata", "Fatoumata", "Aïssatou", "Mariam"],
      male: ["Mamadou", "Ousmane", "Ibrahima", "Seydou"],
    },
    countries: ["mali", "senegal"],
    home: "abroad",
  },
  vietnam: {
    weight: 2,
    familyNames: ["Nguyen", "Tran", "Pham", "Lê", "Huynh"],
    givenNames: {
      female: ["Thị Hương", "Linh", "Mai", "Anne-Linh"],
      male: ["Văn Minh", "Quang", "Đức", "Thierry"],
    },
    countries: ["vietnam"],
    home: "abroad",
  },
  turkey: {
    weight: 2,
    familyNames: ["Yılmaz", "Öztürk", "Şahin", "Kaya"],
    givenNames: {
      female: ["Ayşe", "Elif", "Gülşen", "Zeynep"],
      male: ["Mehmet", "İbrahim", "Emre", "Oğuz"],
    },
    countries: ["turkey"],
    home: "abroad",
  },
} as const satisfies Record<string, Origin>;

const ALL_ORIGINS: readonly Origin[] = Object.values(ORIGINS);

export function drawOrigin(random: Random, fromAbroad = false): Origin {
  const origins = fromAbroad
    ? ALL_ORIGINS.filter((origin) => origin.countries.length > 0)
    : ALL_ORIGINS;
  return pickWeighted(random, origins);
}

/** One given name, and a second one for some; families that came from abroad long ago mostly take French ones. */
export function drawGivenNames(
  random: Random,
  origin: Origin,
  sex: keyof GivenNames,
  year: number,
): string {
  const french = GENERATIONS.findLast((one) => one.since <= year);
  if (french === undefined) {
    throw new RangeError("Cannot draw given names: year must be 0 or more");
  }
  if (origin.givenNames !== null && random() < 0.7) {
    return pick(random, origin.givenNames[sex]);
  }
  const first = pick(random, french[sex]);
  const second = pick(random, french[sex]);
  const both = random() < 0.15 && first !== second;
  return both ? `${first} ${second}` : first;
}

function drawFamilyName(random: Random, origin: Origin): string {
  const particle = origin === ORIGINS.france && random() < 0.08;
  return pick(random, particle ? PARTICLE_NAMES : origin.familyNames);
}

/** Both parents' names: with a space since 2005 (loi n° 2002-304), with a hyphen before, by decree or by use. */
function drawDoubleName(
  random: Random,
  origin: Origin,
  year: number,
): string {
  const first = drawFamilyName(random, origin);
  const others = ALL_ORIGINS.flatMap((one) => one.familyNames);
  const second = pick(random, others.filter((name) => name !== first));
  return `${first}${year < 2005 ? "-" : " "}${second}`;
}

/** How a person is called: `birthName` only where it isn't the family name in use. */
export interface Names {
  givenNames: string;
  familyName: string | null;
  birthName: string | null;
}

export type NameStyle = "usual" | "particle" | "double" | "maiden" | "married";

/** The names of someone born in `year` and now of `age`; `style` asks for one kind of name. */
export function drawNames(
  random: Random,
  style: NameStyle,
  origin: Origin,
  sex: keyof GivenNames,
  year: number,
  age: number,
): Names {
  const givenNames = drawGivenNames(random, origin, sex, year);
  const double = style === "double" || random() < 0.03;
  const familyName = style === "particle"
    ? pick(random, PARTICLE_NAMES)
    : double
    ? drawDoubleName(random, origin, year)
    : drawFamilyName(random, origin);
  const names = { givenNames, familyName, birthName: null };
  const married = random() < (age < 25 ? 0 : age < 50 ? 0.35 : 0.65);
  const takesName = style === "married" || (style === "usual" && married);
  return takesName && sex === "female" ? marriedNames(random, names) : names;
}

// Patients of a practice per ten years of age, of 100: fewer children than in the country, more of the old.
const DECADES = [9, 9, 11, 13, 13, 13, 13, 11, 6.5, 1.5].map(
  (weight, decade) => ({ weight, decade }),
);

/** An age from 0 to 101. */
export function drawAge(random: Random): number {
  const { decade } = pickWeighted(random, DECADES);
  return decade * 10 + Math.floor(random() * (decade === 9 ? 12 : 10));
}

/** The names of a woman who took her husband's name, alone or after her own. */
function marriedNames(random: Random, names: Names): Names {
  const birthName = names.familyName;
  const husbands = drawFamilyName(random, drawOrigin(random));
  if (birthName === null || birthName === husbands) {
    return marriedNames(random, names);
  }
  const both = random() < 0.15;
  const familyName = both ? `${birthName}-${husbands}` : husbands;
  return { ...names, familyName, birthName };
}

/** `Zoë de La Tour` becomes `zoe.delatour`: letters that ASCII has, as most mail addresses are written. */
export function mailName(names: Names): string {
  const [first] = names.givenNames.split(" ");
  return [first, names.familyName].filter((part) => part).join(".")
    .normalize("NFD").toLowerCase()
    .replaceAll("ł", "l").replaceAll("đ", "d").replaceAll("ı", "i")
    .replaceAll("œ", "oe").replace(/[^a-z.-]/g, "");
}
