import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../../http/creation_order.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import { text } from "../../../http/text.ts";
import { rowVersion } from "../../../http/versioned_schemas.ts";

export const CONSENT_KINDS = [
  "care",
  "teleconsultation",
  "images",
  "research",
  "marketing",
  "data_sharing",
  "other",
] as const;

export type ConsentKind = typeof CONSENT_KINDS[number];

export const consentKind = z.enum(CONSENT_KINDS).openapi({
  description: "What the consent is about",
  example: "care",
});

export const consentLanguage = z.string().max(5).regex(
  /^[a-z]{2}(-[A-Z]{2})?$/,
  "must be a language tag such as fr or fr-CH",
).openapi({
  description: "Language of the text (BCP 47)",
  example: "fr",
});

export const consentTitle = text({
  max: 200,
  example: "Consentement à un acte de petite chirurgie",
}).openapi({ description: "Title of the text" });

export const consentBody = text({
  max: 20_000,
  multiline: true,
  example:
    "Je certifie avoir reçu une information claire sur l'acte, ses bénéfices et ses risques, et avoir pu poser mes questions.\nJe consens à cet acte.",
}).openapi({ description: "What the patient agrees to, in full" });

const code = text({ max: 100, example: "petite-chirurgie" }).openapi({
  description:
    "What the clinic calls the template; no two have the same, upper and lower case alike",
});

export const ConsentTextSchema = z.strictObject({
  language: consentLanguage,
  title: consentTitle,
  body: consentBody,
}).openapi("ConsentText", {
  description: "What a template says in one language",
});

export type ConsentText = z.infer<typeof ConsentTextSchema>;

const texts = z.array(ConsentTextSchema).min(1).max(10).openapi({
  description: "The text in each language, each language once",
});

const versionNumber = integer({
  min: 1,
  max: 1_000_000,
  description: "Number of the version; they count up from 1",
  example: 2,
});

const answeredTexts = z.array(ConsentTextSchema).max(10).openapi({
  description: "The text in each language",
});

export const ConsentDraftSchema = z.strictObject({
  number: versionNumber,
  texts: answeredTexts,
}).openapi("ConsentDraft", {
  description: "The version that is being written; nobody can be asked for it",
});

export const ConsentTemplateVersionSchema = z.strictObject({
  id: id("The version"),
  number: versionNumber,
  publishedAt: instant("When it was published; it never changes from then on"),
  texts: answeredTexts,
}).openapi("ConsentTemplateVersion", {
  description: "A published version of a template",
});

export type ConsentTemplateVersion = z.infer<
  typeof ConsentTemplateVersionSchema
>;

const common = {
  id: id("The template"),
  code,
  kind: consentKind,
  archivedAt: orNull(instant("Since when nobody can be asked for it")),
  version: rowVersion,
  createdAt: instant("When the template was made"),
  updatedAt: instant("When the template was last changed"),
};

export const ConsentTemplateSchema = z.strictObject({
  ...common,
  draft: orNull(ConsentDraftSchema).openapi({
    description: "The version that is being written, if there is one",
  }),
  published: orNull(ConsentTemplateVersionSchema).openapi({
    description: "The version that patients are asked for, if there is one",
  }),
}).openapi("ConsentTemplate", {
  description: "What patients can be asked to agree to",
});

export type ConsentTemplate = z.infer<typeof ConsentTemplateSchema>;

export const ConsentTemplateSummarySchema = z.strictObject({
  ...common,
  publishedNumber: orNull(versionNumber).openapi({
    description: "Number of the version that patients are asked for",
    example: 2,
  }),
  languages: z.array(consentLanguage).max(10).openapi({
    description: "Languages of that version",
  }),
}).openapi("ConsentTemplateSummary", {
  description: "A template without its texts",
});

export type ConsentTemplateSummary = z.infer<
  typeof ConsentTemplateSummarySchema
>;

export const ConsentTemplatePageSchema = pageOf(
  ConsentTemplateSummarySchema,
  "ConsentTemplatePage",
  "A page of templates",
);

export const ConsentTemplateVersionPageSchema = pageOf(
  ConsentTemplateVersionSchema,
  "ConsentTemplateVersionPage",
  "A page of the published versions of a template",
);

export const ConsentTemplateCreateSchema = z.strictObject({
  code,
  kind: consentKind,
  texts,
}).openapi("ConsentTemplateCreate", {
  description: "A new template, with the draft of its first version",
});

export type ConsentTemplateCreate = z.infer<typeof ConsentTemplateCreateSchema>;

export const ConsentTemplatePatchSchema = z.strictObject({
  kind: consentKind.optional(),
  texts: texts.optional(),
}).openapi("ConsentTemplatePatch", {
  description:
    "What changes of a template: `texts` replaces all texts of the draft, or begins one",
});

export type ConsentTemplatePatch = z.infer<typeof ConsentTemplatePatchSchema>;

export const ConsentTemplateListQuery = z.strictObject({
  status: z.enum(["active", "archived", "all"]).optional().openapi({
    default: "active",
    description: "Which templates: those in use, the archived ones, or both",
    example: "all",
    param: { name: "status", in: "query" },
  }),
  kind: z.enum(CONSENT_KINDS).optional().openapi({
    description: "Only templates of one kind",
    example: "care",
    param: { name: "kind", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ConsentTemplateVersionListQuery = z.strictObject({
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ConsentTemplateParams = z.strictObject({
  id: id("The template").openapi({
    param: { name: "id", in: "path" },
    example: EXAMPLE_ID,
  }),
});
