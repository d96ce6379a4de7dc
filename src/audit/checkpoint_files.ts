import type { CheckpointSink } from "./checkpoints.ts";

/** Lines of the process's log, for a collector that takes them elsewhere. */
export class CheckpointLog implements CheckpointSink {
  readonly #write: (note: string) => void;

  constructor(write: (note: string) => void) {
    this.#write = write;
  }

  write(note: string): Promise<void> {
    this.#write(note);
    return Promise.resolve();
  }
}

/** Such lines in files of a folder, one a day, that are only ever appended to. */
export class CheckpointFolder implements CheckpointSink {
  readonly #folder: string;
  readonly #today: () => string;

  /** @param today `YYYY-MM-DD` */
  constructor(folder: string, today: () => string) {
    this.#folder = folder;
    this.#today = today;
  }

  async write(note: string): Promise<void> {
    const path = `${this.#folder}/${this.#today()}${NOTES_SUFFIX}`;
    const line = new TextEncoder().encode(noteLine(note));
    using file = await Deno.open(path, {
      create: true,
      append: true,
      mode: 0o600,
    });
    for (let from = 0; from < line.length;) {
      from += await file.write(line.subarray(from));
    }
    await file.syncData();
  }
}

/** Files whose names end so are read. */
export const NOTES_SUFFIX = ".audit.ndjson";

/** A note as a line of such a file. */
export function noteLine(note: string): string {
  return `${JSON.stringify({ event: "audit.checkpoint", note })}\n`;
}

/** Every note in the files of a folder, the oldest first. Other lines are passed over: a collector mixes many things. */
export async function* readNotes(folder: string): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && name.endsWith(NOTES_SUFFIX)) names.push(name);
  }
  for (const name of names.sort()) {
    const text = await Deno.readTextFile(`${folder}/${name}`);
    for (const line of text.split("\n")) {
      const note = noteIn(line);
      if (note !== undefined) yield note;
    }
  }
}

function noteIn(line: string): string | undefined {
  try {
    const { event, note } = JSON.parse(line);
    return event === "audit.checkpoint" ? String(note) : undefined;
  } catch {
    return undefined;
  }
}
