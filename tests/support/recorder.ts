import { AssertionError } from "node:assert/strict";
import { Contract, type Exchange } from "./contract.ts";
import { OpenApiDocument } from "./document.ts";

/** One line of the files in the folder that `CLOISON_TEST_RECORDS` names; `scripts/check_coverage.ts` reads them. */
type CoverageRecord =
  | { readonly documented: Readonly<Record<string, readonly number[]>> }
  | { readonly operation: string; readonly status: number }
  | { readonly violation: string };

/** Holds every response that a test receives against the document of the API that sent it. */
export class Recorder {
  readonly #folder: string | undefined;
  readonly #contracts = new Map<string, Promise<Contract>>();
  readonly #written = new Set<string>();
  // Test files that run at the same time share a process, so its id would not do.
  readonly #fileName = `${crypto.randomUUID()}.jsonl`;

  /** @param folder where to note what was exercised; without one nothing is noted */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** @throws {AssertionError} that names operation, status and path, unless the response is what the document says */
  async record(url: string, exchange: Exchange): Promise<void> {
    const contract = await this.contractOf(url);
    const { covered, violations } = contract.judge(exchange);
    if (covered) this.#write(covered);
    if (violations.length === 0) return;
    const { method, path, status } = exchange;
    const name = covered?.operation ?? "no operation";
    const message = `${name}: ${method} ${path} answered ${status}, and ${
      violations.join("; ")
    }`;
    this.#write({ violation: message });
    throw new AssertionError({ message });
  }

  /** The document of an API does not change while it runs: it is fetched once. */
  contractOf(url: string): Promise<Contract> {
    const known = this.#contracts.get(url);
    if (known) return known;
    const opening = this.#open(url);
    this.#contracts.set(url, opening);
    // What failed once may work the next time.
    opening.catch(() => this.#contracts.delete(url));
    return opening;
  }

  async #open(url: string): Promise<Contract> {
    const document = await OpenApiDocument.fetch(url);
    this.#write({
      documented: Object.fromEntries(
        document.operations.map(({ id, responses }) => [
          id,
          [...responses.keys()],
        ]),
      ),
    });
    return new Contract(document);
  }

  #write(line: CoverageRecord): void {
    const text = `${JSON.stringify(line)}\n`;
    if (!this.#folder || this.#written.has(text)) return;
    this.#written.add(text);
    Deno.writeTextFileSync(`${this.#folder}/${this.#fileName}`, text, {
      append: true,
    });
  }
}

/** What every client uses unless told otherwise. */
export const recorder = new Recorder(Deno.env.get("CLOISON_TEST_RECORDS"));
