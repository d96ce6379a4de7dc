import * as v from "valibot";
import { Secret } from "../kernel/secret.ts";
import { Text } from "./config.ts";
import { ConfigError } from "./config_error.ts";

/** How the ends of the trail's chains are signed, and where the notes go. */
export interface AuditConfig {
  /** PEM of an Ed25519 private key, PKCS#8. */
  readonly key: Secret;
  readonly notes: NotesPlace;
}

export type NotesPlace =
  /** Standard output, for a log collector. */
  | { readonly kind: "log" }
  | { readonly kind: "folder"; readonly folder: string }
  | {
    readonly kind: "store";
    /** `https://host/bucket/…`, ending with a slash. */
    readonly url: string;
    readonly region: string;
    readonly keyId: string;
    readonly secret: Secret;
  };

export const AUDIT_VARIABLES = {
  CLOISON_AUDIT_KEY: v.optional(Text),
  CLOISON_AUDIT_CHECKPOINTS: v.optional(Text),
  CLOISON_AUDIT_STORE_REGION: v.optional(Text, "us-east-1"),
  CLOISON_AUDIT_STORE_KEY_ID: v.optional(Text),
  CLOISON_AUDIT_STORE_SECRET: v.optional(Text),
};

/** The variables of the trail's notes, as they were read. */
export interface AuditVariables {
  readonly CLOISON_AUDIT_KEY?: string | undefined;
  readonly CLOISON_AUDIT_CHECKPOINTS?: string | undefined;
  readonly CLOISON_AUDIT_STORE_REGION: string;
  readonly CLOISON_AUDIT_STORE_KEY_ID?: string | undefined;
  readonly CLOISON_AUDIT_STORE_SECRET?: string | undefined;
}

/** @throws {ConfigError} when the variables do not fit together */
export function readAudit(
  set: AuditVariables,
  environment: "development" | "production",
): AuditConfig | undefined {
  const key = set.CLOISON_AUDIT_KEY;
  if (key === undefined) {
    if (set.CLOISON_AUDIT_CHECKPOINTS === undefined) return undefined;
    throw new ConfigError([
      "CLOISON_AUDIT_KEY must be set where CLOISON_AUDIT_CHECKPOINTS is",
    ]);
  }
  return { key: new Secret(key), notes: readPlace(set, environment) };
}

function readPlace(
  set: AuditVariables,
  environment: "development" | "production",
): NotesPlace {
  const place = set.CLOISON_AUDIT_CHECKPOINTS;
  if (place === undefined) return { kind: "log" };
  if (!/^https?:/i.test(place)) return { kind: "folder", folder: place };
  const { CLOISON_AUDIT_STORE_KEY_ID: keyId } = set;
  const { CLOISON_AUDIT_STORE_SECRET: secret } = set;
  const url = URL.parse(place);
  const problems: string[] = [];
  if (!url || url.search || url.hash || url.username) {
    problems.push("CLOISON_AUDIT_CHECKPOINTS must be https://host/bucket");
  } else if (url.protocol !== "https:" && environment === "production") {
    problems.push("CLOISON_AUDIT_CHECKPOINTS must be https in production");
  }
  if (keyId === undefined || secret === undefined) {
    problems.push(
      "CLOISON_AUDIT_STORE_KEY_ID and CLOISON_AUDIT_STORE_SECRET must be set where CLOISON_AUDIT_CHECKPOINTS is a store",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    kind: "store",
    url: url!.href.replace(/\/?$/, "/"),
    region: set.CLOISON_AUDIT_STORE_REGION,
    keyId: keyId!,
    secret: new Secret(secret!),
  };
}
