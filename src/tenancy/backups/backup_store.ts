import { createHash } from "node:crypto";
import { isUuid } from "../../kernel/ids.ts";

export interface StoredFile {
  readonly bytes: number;
  /** SHA-256. */
  readonly digest: Uint8Array;
}

/** Backups as files in a folder, one folder for each clinic. */
export class BackupStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Stores a backup under its name when it is whole; one of the same name is replaced. */
  async write(
    clinicId: string,
    backupId: string,
    content: AsyncIterable<Uint8Array>,
  ): Promise<StoredFile> {
    const path = this.path(clinicId, backupId);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
      recursive: true,
      mode: 0o700,
    });
    const hash = createHash("sha256");
    let bytes = 0;
    const part = `${path}.part`;
    {
      using file = await Deno.open(part, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      for await (const piece of content) {
        hash.update(piece);
        bytes += piece.length;
        for (let at = 0; at < piece.length;) {
          at += await file.write(piece.subarray(at));
        }
      }
      await file.sync();
    }
    await Deno.rename(part, path);
    return { bytes, digest: new Uint8Array(hash.digest()) };
  }

  /** @throws {Deno.errors.NotFound} */
  async read(
    clinicId: string,
    backupId: string,
  ): Promise<ReadableStream<Uint8Array>> {
    const file = await Deno.open(this.path(clinicId, backupId));
    return file.readable;
  }

  /** What is gone already stays gone. */
  async remove(clinicId: string, backupId: string): Promise<void> {
    const path = this.path(clinicId, backupId);
    for (const name of [path, `${path}.part`]) {
      await Deno.remove(name).catch(ignoreMissing);
    }
  }

  /** @throws {TypeError} unless both are ids: neither may lead out of the folder */
  path(clinicId: string, backupId: string): string {
    if (!isUuid(clinicId) || !isUuid(backupId)) {
      throw new TypeError("Cannot name backup: an id is expected");
    }
    return `${this.#folder}/${clinicId}/${backupId}.cloison`;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
