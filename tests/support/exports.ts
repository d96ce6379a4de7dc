import { equal, ok } from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import type { Client, Json } from "./client.ts";
import { clientOf, make, newPatient } from "./consents.ts";
import type { PathValues, Place } from "./generated_entities.ts";

/** Asks for an export as the admin of a clinic. @returns the answer's body, passphrase included */
export async function requestedExport(
  { world, clinic }: Omit<Place, "client">,
  patientId?: string,
): Promise<Json> {
  const admin = await clientOf(world, clinic, "admin");
  const id = patientId ?? await newPatient(admin);
  return await make(admin, `/v1/patients/${id}/exports`, {
    currentPassword: clinic.password,
  });
}

const MAX_WAIT_MS = 30_000;

/** Waits until an export is over, or in that state. */
export async function exportIn(
  client: Client,
  id: string,
  state = "ready",
): Promise<Json> {
  const until = performance.now() + MAX_WAIT_MS;
  for (;;) {
    const { status, body, text } = await client.get(`/v1/exports/${id}`);
    equal(status, 200, text);
    if (body.state === state) return body;
    ok(body.state !== "failed", text);
    ok(performance.now() < until, `it is still ${body.state}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** An export whose archive can be fetched. */
export async function readyExport(place: Place): Promise<PathValues> {
  const { id } = await requestedExport(place);
  const admin = await clientOf(place.world, place.clinic, "admin");
  await exportIn(admin, id);
  return { id };
}

/** The body of `fetchPatientExport`. */
export async function exportLink(place: Place): Promise<Json> {
  const { id } = await readyExport(place);
  const admin = await clientOf(place.world, place.clinic, "admin");
  const link = await make(admin, `/v1/exports/${id}/links`, {
    delivery: "hand",
  });
  return { token: link.token };
}

/** The token of a link that is handed over. */
export async function handedExportLink(
  client: Client,
  id: string,
): Promise<string> {
  const path = `/v1/exports/${id}/links`;
  return (await make(client, path, { delivery: "hand" })).token;
}

/** Follows a link as somebody who has nothing else. */
export async function fetchArchive(
  url: string,
  token: string,
): Promise<Response> {
  return await fetch(`${url}/v1/export-links/fetch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
}

/** A file of an archive, and how it is stored. */
export interface Unpacked {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly aesStrength: number | undefined;
}

/** Opens an archive. @throws {Error} unless that is its passphrase */
export async function unpack(
  archive: Uint8Array,
  passphrase: string,
): Promise<Map<string, Unpacked>> {
  const zip = new ZipReader(new Uint8ArrayReader(archive), {
    password: passphrase,
    useWebWorkers: false,
    checkSignature: true,
  });
  const files = new Map<string, Unpacked>();
  for (const entry of await zip.getEntries()) {
    if (entry.directory) continue;
    files.set(entry.filename, {
      path: entry.filename,
      bytes: await entry.getData(new Uint8ArrayWriter()),
      aesStrength: entry.extraFieldAES?.strength,
    });
  }
  await zip.close();
  return files;
}

export function jsonOf(files: Map<string, Unpacked>, path: string): Json {
  const file = files.get(path);
  ok(file, `the archive has no ${path}`);
  return JSON.parse(new TextDecoder().decode(file.bytes));
}
