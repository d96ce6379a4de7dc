/** What `visit_docs.ts` is told. */
export interface Visit {
  readonly url: string;
  /** Path of the browser. */
  readonly browser: string;
  /** An empty folder for its profile. */
  readonly profile: string;
  /** Folder for what the page looked like. */
  readonly pictures: string;
  readonly tags: readonly string[];
  readonly login: { readonly summary: string; readonly body: unknown };
  readonly patient: {
    readonly summary: string;
    readonly id: string;
    /** What the page proposes in its place. */
    readonly exampleId: string;
    /** Must be on the page when the patient has been read. */
    readonly name: string;
  };
}

/** What it saw. */
export interface VisitReport {
  /** Of the operations, as the page lists them. */
  readonly summaries: readonly string[];
  /** Every URL that the page asked for. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, and what was thrown and not caught. */
  readonly errors: readonly string[];
  /** Directive and what it blocked. */
  readonly violations: readonly string[];
  readonly login: { readonly status: number; readonly token: string };
  readonly patient: { readonly status: number; readonly body: unknown };
}
