import { readNotes } from "../../src/audit/checkpoint_files.ts";
import {
  type Checkpoint,
  openCheckpoint,
} from "../../src/audit/checkpoints.ts";
import { type FloorNote, openFloors } from "../../src/audit/floors.ts";
import { NoteVerifier } from "../../src/audit/signed_note.ts";
import { ArgumentError } from "./arguments.ts";

export interface SignedNotes {
  readonly checkpoints: readonly Checkpoint[];
  readonly floors: readonly FloorNote[];
}

/** @throws {ArgumentError} when they cannot be read, or one is signed by somebody else */
export async function readSignedNotes(
  folder: string | undefined,
  keyFile: string | undefined,
): Promise<SignedNotes> {
  if (folder === undefined) return { checkpoints: [], floors: [] };
  if (keyFile === undefined) {
    throw new ArgumentError(
      "--checkpoints needs --key-file: without the key nobody knows who signed them",
    );
  }
  try {
    const key = (await Deno.readTextFile(keyFile)).trim();
    const verifier = new NoteVerifier(key);
    const checkpoints: Checkpoint[] = [];
    const floors: FloorNote[] = [];
    for await (const note of readNotes(folder)) {
      const checkpoint = openCheckpoint(verifier, note);
      const removed = checkpoint ? undefined : openFloors(verifier, note);
      if (checkpoint) checkpoints.push(checkpoint);
      else if (removed) floors.push(removed);
      else {
        throw new ArgumentError(
          `A note in ${folder} was not signed with the key of ${keyFile}`,
        );
      }
    }
    return { checkpoints, floors };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ArgumentError(`Cannot find ${keyFile} or ${folder}`);
    }
    if (error instanceof TypeError) throw new ArgumentError(error.message);
    throw error;
  }
}
