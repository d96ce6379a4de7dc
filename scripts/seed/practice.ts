/** What a demo clinic offers, and what is said there. Invented; prices are those of a French practice. */

export const OPENING = {
  monday: [{ start: "08:00", end: "19:00" }],
  tuesday: [{ start: "08:00", end: "19:00" }],
  wednesday: [{ start: "08:00", end: "13:00" }],
  thursday: [{ start: "08:00", end: "19:00" }],
  friday: [{ start: "08:00", end: "18:00" }],
  saturday: [{ start: "09:00", end: "12:00" }],
  sunday: [],
};

const MORNING = { start: "08:30", end: "12:30" };
const AFTERNOON = { start: "14:00", end: "18:00" };

/** The weeks of those who see patients, one after the other. */
export const WEEKS = [
  {
    monday: [MORNING, AFTERNOON],
    tuesday: [MORNING, AFTERNOON],
    wednesday: [MORNING],
    thursday: [MORNING, AFTERNOON],
    friday: [MORNING],
    saturday: [],
    sunday: [],
  },
  {
    monday: [MORNING],
    tuesday: [MORNING, AFTERNOON],
    wednesday: [],
    thursday: [MORNING, AFTERNOON],
    friday: [MORNING, AFTERNOON],
    saturday: [{ start: "09:00", end: "12:00" }],
    sunday: [],
  },
] as const;

export const APPOINTMENT_TYPES = [
  { name: "Consultation", durationMinutes: 30, colour: "#2f6f9f" },
  { name: "Première consultation", durationMinutes: 45, colour: "#8a5fbf" },
  { name: "Contrôle", durationMinutes: 15, colour: "#5b8c5a" },
  { name: "Acte technique", durationMinutes: 60, colour: "#c0743a" },
] as const;

export const RESOURCES = [
  { name: "Salle 1", kind: "room" },
  { name: "Salle 2", kind: "room" },
  { name: "Laser", kind: "machine" },
] as const;

export const CATALOGUE = [
  care("CS", "Consultation", 3_000),
  care("CSC", "Consultation longue", 6_000),
  care("ECG", "Électrocardiogramme", 1_426),
  care("BIO", "Biopsie cutanée", 4_032),
  care("CRYO", "Cryothérapie", 2_890),
  esthetic("INJ-AH", "Injection d'acide hyaluronique", 32_000),
  esthetic("LASER", "Séance de laser vasculaire", 15_000),
  product("CREME", "Crème cicatrisante, 40 ml", 1_290),
] as const;

export const CONSENT_TEMPLATES = [
  {
    code: "petite-chirurgie",
    kind: "care",
    texts: [
      {
        language: "fr",
        title: "Petite chirurgie cutanée",
        body:
          "J'ai été informé(e) du geste prévu, de ses suites habituelles et de ses risques. J'ai pu poser les questions que je souhaitais et j'accepte que ce geste soit réalisé.",
      },
      {
        language: "en",
        title: "Minor skin surgery",
        body:
          "I have been told what is planned, what usually follows and what the risks are. I could ask what I wanted to know, and I agree to it.",
      },
    ],
  },
  {
    code: "photographies",
    kind: "images",
    texts: [{
      language: "fr",
      title: "Photographies médicales",
      body:
        "J'accepte que des photographies soient prises pour le suivi de mes soins et conservées dans mon dossier. Je peux revenir sur cet accord à tout moment.",
    }],
  },
] as const;

export const NOTES = [
  "Première visite pour un grain de beauté qui a changé.",
  "Suivi à trois mois.",
  "Vient avec son dossier de l'hôpital.",
  "Préfère être rappelée le matin.",
  "Résultats à commenter.",
] as const;

export const FINDINGS = [
  "Lésion de 6 mm, bords nets, dermoscopie rassurante. TA < 130/80. Contrôle dans six mois.",
  "Eczéma des plis, amélioration sous dermocorticoïde. Poursuite dix jours puis décroissance.",
  "Examen de la peau complet sans anomalie. Conseils de photoprotection donnés.",
  "Cicatrice propre, ablation des fils. Pas de signe d'infection.",
  "Acné inflammatoire modérée, traitement local débuté, revoir dans deux mois.",
] as const;

export const MEDICATIONS = [
  ["Bétaméthasone 0,05 %, crème", "1 application le soir", "10 jours"],
  [
    "Paracétamol 1 g, comprimé",
    "1 comprimé, 3 fois par jour au plus",
    "5 jours",
  ],
  ["Peroxyde de benzoyle 5 %, gel", "1 application le soir", "8 semaines"],
] as const;

function care(code: string, title: string, unitPriceCents: number) {
  return {
    kind: "service",
    code,
    title,
    unitPriceCents,
    vatCategory: "exempt_care",
    vatRateBasisPoints: 0,
  } as const;
}

function esthetic(code: string, title: string, unitPriceCents: number) {
  return {
    kind: "service",
    code,
    title,
    unitPriceCents,
    vatCategory: "standard",
    vatRateBasisPoints: 2_000,
    aesthetic: true,
  } as const;
}

function product(code: string, title: string, unitPriceCents: number) {
  return {
    kind: "product",
    code,
    title,
    unitPriceCents,
    vatCategory: "standard",
    vatRateBasisPoints: 2_000,
  } as const;
}
