/** Landline zone of metropolitan France, first digit after the 0; overseas has none reserved for fiction. */
export type PhoneZone = 1 | 2 | 3 | 4 | 5;

/** Where a patient can live, or be born. */
export interface Place {
  readonly city: string;
  readonly postalCode: string;
  /** Code of the commune in INSEE's Code officiel géographique; an arrondissement for Paris, Lyon and Marseille. */
  readonly insee: string;
  readonly zone: PhoneZone | null;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  /** First year in which a birth there got this code. */
  readonly since: number;
  readonly birthPlace: string;
}

/** Where a patient born outside France can come from; the code of the country follows 99 in a NIR. */
export interface ForeignPlace {
  readonly insee: string;
  readonly birthPlace: string;
  /** First year in which a birth there got this code, not that of an earlier state. */
  readonly since: number;
}

function place(
  city: string,
  postalCode: string,
  insee: string,
  zone: PhoneZone | null,
  weight: number,
  options: { since?: number; birthPlace?: string } = {},
): Place {
  const { since = 0, birthPlace = city } = options;
  return { city, postalCode, insee, zone, weight, since, birthPlace };
}

const FIRST_ARRONDISSEMENT = {
  Paris: { postalCode: 75001, insee: 75101, zone: 1 },
  Lyon: { postalCode: 69001, insee: 69381, zone: 4 },
  Marseille: { postalCode: 13001, insee: 13201, zone: 4 },
} as const;

function arrondissement(
  city: keyof typeof FIRST_ARRONDISSEMENT,
  number: number,
  weight: number,
): Place {
  const first = FIRST_ARRONDISSEMENT[city];
  return place(
    city,
    String(first.postalCode + number - 1),
    String(first.insee + number - 1),
    first.zone,
    weight,
    { birthPlace: `${city} ${number}e Arrondissement` },
  );
}

// The départements around Paris were made in 1968 (loi n° 64-707): earlier births have 75 or 78 and another commune.
const NEW_DEPARTMENT = { since: 1968 };

// Overseas départements (loi n° 46-451): their codes start there.
const OVERSEAS_DEPARTMENT = { since: 1947 };

export const METROPOLITAN: readonly Place[] = [
  arrondissement("Paris", 4, 1),
  arrondissement("Paris", 10, 2),
  arrondissement("Paris", 12, 4),
  arrondissement("Paris", 13, 5),
  arrondissement("Paris", 14, 6),
  arrondissement("Paris", 15, 4),
  arrondissement("Paris", 18, 4),
  arrondissement("Paris", 20, 4),
  arrondissement("Lyon", 3, 4),
  arrondissement("Lyon", 4, 4),
  arrondissement("Lyon", 8, 3),
  arrondissement("Marseille", 5, 4),
  arrondissement("Marseille", 8, 3),
  arrondissement("Marseille", 15, 3),
  place("Versailles", "78000", "78646", 1, 2),
  place("Nanterre", "92000", "92050", 1, 2, NEW_DEPARTMENT),
  place("Boulogne-Billancourt", "92100", "92012", 1, 3, NEW_DEPARTMENT),
  place("Saint-Denis", "93200", "93066", 1, 3, NEW_DEPARTMENT),
  place("Montreuil", "93100", "93048", 1, 3, NEW_DEPARTMENT),
  place("Créteil", "94000", "94028", 1, 3, NEW_DEPARTMENT),
  place("L'Haÿ-les-Roses", "94240", "94038", 1, 2, NEW_DEPARTMENT),
  place("Argenteuil", "95100", "95018", 1, 2, NEW_DEPARTMENT),
  place("Nantes", "44000", "44109", 2, 7),
  place("Rennes", "35000", "35238", 2, 5),
  place("Saint-Malo", "35400", "35288", 2, 2),
  place("Brest", "29200", "29019", 2, 3),
  place("Quimper", "29000", "29232", 2, 2),
  place("Lorient", "56100", "56121", 2, 2),
  place("Vannes", "56000", "56260", 2, 2),
  place("Saint-Brieuc", "22000", "22278", 2, 2),
  place("Angers", "49000", "49007", 2, 3),
  place("Le Mans", "72000", "72181", 2, 3),
  place("Tours", "37000", "37261", 2, 3),
  place("Orléans", "45000", "45234", 2, 3),
  place("Bourges", "18000", "18033", 2, 1),
  place("Rouen", "76000", "76540", 2, 3),
  place("Le Havre", "76600", "76351", 2, 3),
  place("Caen", "14000", "14118", 2, 3),
  place("Lille", "59000", "59350", 3, 6),
  place("Dunkerque", "59140", "59183", 3, 2),
  place("Amiens", "80000", "80021", 3, 3),
  place("Reims", "51100", "51454", 3, 3),
  place("Charleville-Mézières", "08000", "08105", 3, 1, { since: 1966 }),
  place("Troyes", "10000", "10387", 3, 1),
  place("Metz", "57000", "57463", 3, 3),
  place("Nancy", "54000", "54395", 3, 3),
  place("Épinal", "88000", "88160", 3, 1),
  place("Strasbourg", "67000", "67482", 3, 6),
  place("Colmar", "68000", "68066", 3, 1),
  place("Mulhouse", "68100", "68224", 3, 2),
  place("Besançon", "25000", "25056", 3, 2),
  place("Dijon", "21000", "21231", 3, 3),
  place("Nevers", "58000", "58194", 3, 1),
  place("Villeurbanne", "69100", "69266", 4, 3),
  place("Saint-Étienne", "42000", "42218", 4, 4),
  place("Grenoble", "38000", "38185", 4, 4),
  place("Annecy", "74000", "74010", 4, 2),
  place("Chambéry", "73000", "73065", 4, 1),
  place("Bourg-en-Bresse", "01000", "01053", 4, 1),
  place("Clermont-Ferrand", "63000", "63113", 4, 3),
  place("Le Puy-en-Velay", "43000", "43157", 4, 1),
  place("Avignon", "84000", "84007", 4, 2),
  place("Aix-en-Provence", "13100", "13001", 4, 2),
  place("Toulon", "83000", "83137", 4, 3),
  place("Nice", "06000", "06088", 4, 5),
  place("Nîmes", "30000", "30189", 4, 3),
  place("Montpellier", "34000", "34172", 4, 5),
  place("Béziers", "34500", "34032", 4, 1),
  place("Perpignan", "66000", "66136", 4, 2),
  place("Toulouse", "31000", "31555", 5, 7),
  place("Albi", "81000", "81004", 5, 1),
  place("Pau", "64000", "64445", 5, 2),
  place("Bayonne", "64100", "64102", 5, 2),
  place("Bordeaux", "33000", "33063", 5, 6),
  place("Limoges", "87000", "87085", 5, 2),
  place("Poitiers", "86000", "86194", 5, 2),
  place("La Rochelle", "17000", "17300", 5, 2),
];

/** A birth before 1976 has the code of the one Corsican département, 20, with the same commune. */
export const CORSICAN: readonly Place[] = [
  place("Ajaccio", "20000", "2A004", 4, 4),
  place("Porto-Vecchio", "20137", "2A247", 4, 1),
  place("Bastia", "20200", "2B033", 4, 4),
  place("Corte", "20250", "2B096", 4, 1),
];

export const OVERSEAS: readonly Place[] = [
  place("Pointe-à-Pitre", "97110", "97120", null, 2, OVERSEAS_DEPARTMENT),
  place("Fort-de-France", "97200", "97209", null, 3, OVERSEAS_DEPARTMENT),
  place("Cayenne", "97300", "97302", null, 2, OVERSEAS_DEPARTMENT),
  // Saint-Denis de La Réunion: the postal code alone tells it from the one near Paris.
  place("Saint-Denis", "97400", "97411", null, 4, OVERSEAS_DEPARTMENT),
  place("Saint-Pierre", "97410", "97416", null, 2, OVERSEAS_DEPARTMENT),
];

function abroad(
  country: string,
  insee: string,
  since: number,
  ...cities: string[]
): ForeignPlace[] {
  return cities.map((city) => ({
    insee,
    since,
    birthPlace: `${city} (${country})`,
  }));
}

/** By country of origin. Years: independence, with a margin, where births under French rule had other codes. */
export const FOREIGN = {
  portugal: abroad("Portugal", "99139", 0, "Porto", "Braga", "Viseu"),
  spain: abroad("Espagne", "99134", 0, "Valence", "Grenade", "Gérone"),
  italy: abroad("Italie", "99127", 0, "Turin", "Palerme", "Bergame"),
  poland: abroad("Pologne", "99122", 1919, "Poznań", "Łódź", "Cracovie"),
  turkey: abroad("Turquie", "99208", 1924, "Izmir", "Kayseri"),
  algeria: abroad("Algérie", "99352", 1963, "Oran", "Sétif", "Tizi Ouzou"),
  morocco: abroad("Maroc", "99350", 1963, "Casablanca", "Oujda", "Agadir"),
  tunisia: abroad("Tunisie", "99351", 1963, "Sfax", "Sousse", "Djerba"),
  mali: abroad("Mali", "99335", 1961, "Bamako", "Kayes"),
  senegal: abroad("Sénégal", "99341", 1961, "Dakar", "Ziguinchor"),
  vietnam: abroad("Viêt Nam", "99243", 1955, "Hanoï", "Huê", "Saïgon"),
} as const satisfies Record<string, readonly ForeignPlace[]>;

/** Each name stands in many French towns; none is said to exist in every one of them. */
export const STREETS: readonly string[] = [
  "rue de la République",
  "rue Victor-Hugo",
  "avenue Jean-Jaurès",
  "rue Pasteur",
  "boulevard Gambetta",
  "rue des Écoles",
  "place de l'Église",
  "rue du Général-de-Gaulle",
  "avenue du Maréchal-Foch",
  "rue Émile-Zola",
  "chemin des Vignes",
  "impasse du Moulin",
  "allée des Tilleuls",
  "rue Saint-Michel",
  "rue de l'Hôtel-de-Ville",
  "avenue de la Libération",
  "rue Louise-Michel",
  "rue du 8-Mai-1945",
  "boulevard de Strasbourg",
  "rue Molière",
  "square Jean-Moulin",
  "rue Marie-Curie",
  "route de l'Océan",
  "rue du Château-d'Eau",
  "quai de la Fontaine",
  "cours Napoléon",
];

export const ADDRESS_COMPLEMENTS: readonly string[] = [
  "Bâtiment B, escalier 2",
  "Résidence Les Mûriers",
  "Appartement 12",
  "3e étage gauche",
  "Le Clos Saint-Éloi, entrée C",
  "Villa Mon Repos",
];

/** A number at least 0 and below 1. */
export type Random = () => number;

/** Mulberry32 (Tommy Ettinger, 2017, public domain), started from the FNV-1a hash of `seed`. Not for secrets. */
export function seededRandom(seed: string): Random {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) {
    state = Math.imul(state ^ byte, 0x01000193);
  }
  return function next() {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("Cannot pick: nothing to pick");
  return item;
}

export function pickWeighted<T extends { readonly weight: number }>(
  random: Random,
  items: readonly T[],
): T {
  let left = random() * items.reduce((sum, item) => sum + item.weight, 0);
  const item = items.find((candidate) => (left -= candidate.weight) < 0);
  if (item === undefined) throw new RangeError("Cannot pick: nothing to pick");
  return item;
}

export type Birthplace = "metropolis" | "corsica" | "overseas" | "abroad";

/** Where someone was born in `year`; a place that had another code then is left out. */
export function drawBirthPlace(
  random: Random,
  where: Birthplace,
  year: number,
  countries: readonly (keyof typeof FOREIGN)[],
): Place | ForeignPlace {
  function hasCode(candidate: { since: number }): boolean {
    return candidate.since <= year;
  }
  const foreign = countries.flatMap((country) => FOREIGN[country]);
  if (where === "abroad" && foreign.some(hasCode)) {
    return pick(random, foreign.filter(hasCode));
  }
  if (where === "corsica") return pickWeighted(random, CORSICAN);
  const overseas = where === "overseas" && OVERSEAS.some(hasCode);
  const places = overseas ? OVERSEAS : METROPOLITAN;
  return pickWeighted(random, places.filter(hasCode));
}

/** Five characters for a birth in `year`, as they stand in a NIR: Corsica was département 20 until 1975. */
export function nirPlace(insee: string, year: number): string {
  return year < 1976 ? insee.replace(/^2[AB]/, "20") : insee;
}

const HOMES: readonly Place[] = [...METROPOLITAN, ...CORSICAN, ...OVERSEAS];

/** Half of those born in France live where they were born. */
export function drawHome(random: Random, born: Place | ForeignPlace): Place {
  if ("city" in born && random() < 0.5) return born;
  return pickWeighted(random, HOMES);
}

/** The first two lines of a French postal address; the second is mostly empty. */
export function drawStreet(random: Random): [string, string | null] {
  const number = 1 + Math.floor(random() ** 2 * 140);
  const suffix = random() < 0.06 ? pick(random, [" bis", " ter"]) : "";
  return [
    `${number}${suffix} ${pick(random, STREETS)}`,
    random() < 0.2 ? pick(random, ADDRESS_COMPLEMENTS) : null,
  ];
}

// Reserved for fiction (ARCEP decision 2018-0881): mobile, and landlines by zone; four digits follow.
const MOBILE = "+3363998";
const LANDLINES = {
  1: "+3319900",
  2: "+3326191",
  3: "+3335301",
  4: "+3346571",
  5: "+3353649",
} as const satisfies Record<PhoneZone, string>;

// Reserved names (RFC 2606 section 3).
const MAIL_DOMAINS = ["example.org", "example.com", "example.net"];

/** Telephone numbers and mail addresses that reach nobody. */
export class Contacts {
  readonly #random: Random;
  readonly #emails = new Set<string>();
  #phones: number;

  constructor(random: Random) {
    this.#random = random;
    this.#phones = Math.floor(random() * 10_000);
  }

  /** In E.164, a landline of `zone` for one in five; 10,000 numbers of one range differ before any comes again. */
  phone(zone: PhoneZone | null): string {
    const landline = this.#random() < 0.2;
    const range = landline && zone !== null ? LANDLINES[zone] : MOBILE;
    return range + String((this.#phones++ * 7919) % 10_000).padStart(4, "0");
  }

  /** Never the same twice: a second `zoe.martin` of one domain gets a number. */
  email(name: string): string {
    for (let n = 1;; n++) {
      const domain = pick(this.#random, MAIL_DOMAINS);
      const email = `${name}${n === 1 ? "" : n}@${domain}`;
      if (this.#emails.has(email)) continue;
      this.#emails.add(email);
      return email;
    }
  }
}
