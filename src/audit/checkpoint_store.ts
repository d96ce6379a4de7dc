import { AwsV4Signer } from "aws4fetch";
import { createHash } from "node:crypto";
import type { Secret } from "../kernel/secret.ts";
import { noteLine, NOTES_SUFFIX } from "./checkpoint_files.ts";
import type { CheckpointSink } from "./checkpoints.ts";

/** A place in an object store that speaks S3. */
export interface CheckpointStoreOptions {
  /** `https://host/bucket/` and whatever the names of objects begin with; ends with a slash. */
  readonly url: string;
  readonly region: string;
  readonly keyId: string;
  readonly secret: Secret;
  /** Begins the name of the object, so that names sort by time: RFC 3339. */
  readonly now: () => string;
  /** Ends it; unlike that of every other. */
  readonly newId: () => string;
}

/** A store that does not answer must not stop the chains for long. */
const TIMEOUT_MS = 10_000;

/**
 * Notes as objects of their own in a store that speaks S3 (Signature Version 4), one a note. Nothing is read, listed or
 * written over, so that a key which may only put objects is enough. Downloaded into a folder, they are what
 * `cloison audit verify --checkpoints` takes.
 */
export class CheckpointStore implements CheckpointSink {
  readonly #options: CheckpointStoreOptions;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
  }

  /** @throws {Error} with the status, when the store did not take it */
  async write(note: string): Promise<void> {
    const { url, region, keyId, secret, now, newId } = this.#options;
    const body = noteLine(note);
    const name = `${now().replaceAll(":", "")}-${newId()}${NOTES_SUFFIX}`;
    const signed = await new AwsV4Signer({
      method: "PUT",
      url: `${url}${name}`,
      service: "s3",
      region,
      accessKeyId: keyId,
      secretAccessKey: secret.reveal(),
      headers: {
        "content-type": "application/x-ndjson",
        // Else the body is not under the signature.
        "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
      },
    }).sign();
    const answer = await fetch(signed.url, {
      method: signed.method,
      headers: signed.headers,
      body,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (answer.ok) return;
    throw new Error(
      `Cannot store checkpoint: the store answers ${answer.status}`,
    );
  }
}
