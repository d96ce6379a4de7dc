import type { Holding } from "./holding.ts";

/** What the caller of `ConnectionBudget.decide` has to do. */
export type Decision<Owner, Ticket> =
  /** Open a connection, then call `opened` or `failed`. */
  | { readonly kind: "open"; readonly holding: Holding<Owner> }
  /** This caller has a lease now. */
  | {
    readonly kind: "grant";
    readonly holding: Holding<Owner>;
    readonly ticket: Ticket;
  }
  /** Close so many connections and end their backends, then call `ended`, or `kept` for those that stay. */
  | {
    readonly kind: "end";
    readonly holding: Holding<Owner>;
    readonly connections: number;
  }
  /** Close all connections; their backends went by themselves long ago. */
  | { readonly kind: "drop"; readonly holding: Holding<Owner> };

/** How a budget stands, for metrics. */
export interface BudgetCounts {
  readonly budget: number;
  /** Backends that may exist now. */
  readonly used: number;
  readonly opening: number;
  readonly ending: number;
  /** Connections that were opened, ever. */
  readonly opened: number;
  /** Clinics with a connection. */
  readonly clinics: number;
  /** Clinics with a connection that nobody uses. */
  readonly idleClinics: number;
  /** Clinics that wait for a connection. */
  readonly waitingClinics: number;
  /** Callers that wait. */
  readonly waiting: number;
}
