import type { Context } from "hono";
import { stream } from "hono/streaming";
import type {
  ClinicTrail,
  ReadLine,
  TrailFilter,
  TrailPosition,
} from "../../audit/trail_reader.ts";
import { sql } from "../../db/sql.ts";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv } from "../../http/env.ts";
import { closePage, openPage, type PageRequest } from "../../http/pages.ts";
import { clinicRouter } from "../../http/router.ts";
import { linkNext } from "../../http/row_versions.ts";
import type { AuditEvent } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import * as declared from "./declarations.ts";
import type { AuditLine } from "./schemas.ts";

export const audit = clinicRouter();

audit.openapi(declared.listTrail, async (c) => {
  const { limit, cursor, ...filter } = c.req.valid("query");
  const page = await readPage(c, filter, { limit, cursor });
  return c.json(page, 200);
});

audit.openapi(declared.listAccesses, async (c) => {
  const { id: patientId } = c.req.valid("param");
  const { limit, cursor, ...period } = c.req.valid("query");
  const filter = { patientId, ...period };
  const known = await c.var.clinic.read((tx) =>
    tx.row(sql`select from patients where id = ${patientId}`)
  );
  if (!known) throw new AppError("not-found", "There is no such patient");
  const page = await readPage(c, filter, { limit, cursor });
  return c.json(page, 200);
});

audit.openapi(declared.exportTrail, async (c) => {
  const filter = c.req.valid("query");
  const { clinic, trail, signal } = c.var;
  // Before the first line leaves: what cannot be recorded is not exported.
  const first = await clinic.readAs(
    eventOf("audit.export", filter),
    () => trail.read(filter, undefined, EXPORT_BATCH),
  );
  c.header("content-type", "application/x-ndjson");
  return stream(c, async (out) => {
    for await (const lines of batches(trail, filter, first)) {
      signal.throwIfAborted();
      await out.write(
        lines.map((line) => `${JSON.stringify(toLine(line))}\n`).join(""),
      );
    }
    await out.write('{"complete":true}\n');
  }) as never;
});

const EXPORT_BATCH = 500;

async function* batches(
  trail: ClinicTrail,
  filter: TrailFilter,
  first: ReadLine[],
): AsyncGenerator<ReadLine[]> {
  for (let lines = first;;) {
    yield lines;
    const last = lines.at(-1);
    if (!last || lines.length < EXPORT_BATCH) return;
    lines = await trail.read(filter, last, EXPORT_BATCH);
  }
}

async function readPage(
  c: Context<ClinicEnv>,
  filter: TrailFilter,
  page: PageRequest,
) {
  const { clinic, vault, trail } = c.var;
  const binding = cursorBinding("listAuditLines", { ...filter });
  const window = openPage(vault, binding, page);
  const lines = await clinic.readAs(
    eventOf("audit.list", filter),
    () => trail.read(filter, toPosition(window.after), window.fetch),
  );
  const result = closePage(
    vault,
    binding,
    window,
    lines,
    ({ at, id }) => [at, id],
    toLine,
  );
  linkNext(c, result.page.nextCursor);
  return result;
}

function eventOf(
  action: "audit.list" | "audit.export",
  { patientId }: TrailFilter,
): AuditEvent {
  return patientId === undefined ? { action } : { action, patientId };
}

function toPosition(
  after: readonly (string | null)[] | undefined,
): TrailPosition | undefined {
  const [at, id] = after ?? [];
  return at && id ? { at, id } : undefined;
}

function toLine(line: ReadLine): AuditLine {
  return {
    id: line.id,
    sequence: line.seq === null ? null : Number(line.seq),
    at: line.at,
    actorId: line.actor_id,
    role: line.role,
    sessionId: line.session_id,
    action: line.action,
    entity: line.entity,
    entityId: line.entity_id,
    patientId: line.patient_id,
    outcome: line.outcome,
    operation: line.operation,
    reason: line.reason,
    count: line.count,
    requestId: line.request_id,
    address: line.address,
    changedFields: [...line.changed_fields],
  };
}
