import type { Context } from "hono";
import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { ClinicEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { showVersion } from "../../http/row_versions.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import { changeDraft, deleteDraft, type DraftMembers } from "./drafts.ts";
import { type DocumentFile, readFile } from "./files.ts";
import { moveDocument } from "./moves.ts";
import type { DocumentKind, DocumentState } from "./states.ts";

/** How one kind of documents is found and shown. */
export interface Shown<Whole> {
  readonly kind: DocumentKind;
  /** Under `/v1`. */
  readonly path: string;
  readonly toWhole: (vault: ClinicVault, file: DocumentFile) => Whole;
}

type Request = Context<ClinicEnv>;

/** Shows a draft that was just made, and says where it is. */
export function showCreated<Whole>(
  c: Request,
  { path, toWhole }: Shown<Whole>,
  file: DocumentFile,
): Whole {
  c.header("location", `/v1${path}/${file.row.id}`);
  c.header("etag", etagOf(file.row.version));
  return toWhole(c.var.vault, file);
}

/** @returns the document; `undefined` when the client has it already */
export async function showRead<Whole>(
  c: Request,
  { kind, toWhole }: Shown<Whole>,
  id: string,
): Promise<Whole | undefined> {
  const file = await readFile(c.var.clinic, c.var.actor, kind, id);
  const isKnown = showVersion(c, file.row.version);
  // A quote expires without a change, and so under the version that it had.
  if (isKnown && file.row.state !== "expired") return undefined;
  return toWhole(c.var.vault, file);
}

export async function showChanged<Whole>(
  c: Request,
  { kind, toWhole }: Shown<Whole>,
  id: string,
  patch: DraftMembers,
): Promise<Whole> {
  const condition = requireIfMatch(c.req.header("if-match"));
  const { clinic, vault } = c.var;
  const file = await changeDraft(clinic, vault, kind, id, condition, patch);
  c.header("etag", etagOf(file.row.version));
  return toWhole(vault, file);
}

export async function showMoved<Whole>(
  c: Request,
  { kind, toWhole }: Shown<Whole>,
  id: string,
  to: DocumentState,
  action: AuditAction,
): Promise<Whole> {
  const condition = requireIfMatch(c.req.header("if-match"));
  const { clinic, vault } = c.var;
  const file = await moveDocument(clinic, kind, id, condition, to, action);
  c.header("etag", etagOf(file.row.version));
  return toWhole(vault, file);
}

export async function removeDraft(
  c: Request,
  { kind }: Pick<Shown<unknown>, "kind">,
  id: string,
): Promise<void> {
  const condition = requireIfMatch(c.req.header("if-match"));
  await deleteDraft(c.var.clinic, kind, id, condition);
}
