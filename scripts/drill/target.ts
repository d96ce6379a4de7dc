import type { Secret } from "../../src/kernel/secret.ts";
import type { AdminLogin } from "../../src/tenancy/provisioning/admin.ts";
import type { Login } from "../stack/credentials.ts";

/** A server that the drill attacks. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tlsCa?: string | undefined;
}

/** Somebody of a clinic whose password is known. */
export interface KnownAccount {
  /** Short name of the clinic. */
  readonly clinic: string;
  readonly email: string;
  readonly password: string;
}

/** A running stack, with everything that could leak from it in hand. */
export interface DrillTarget {
  /** Address of the API, which is also the issuer of its tokens unless `issuer` says otherwise. */
  readonly api: string;
  readonly issuer?: string;
  readonly postgres: Address;
  readonly pooler: Address;
  readonly worker: AdminLogin;
  readonly credentials: {
    readonly api: Login;
    readonly pgbouncer: Login;
    readonly poolerAdmin: Login;
  };
  readonly cell: string;
  /** Key-encryption keys of the cell, as `LocalKeyProvider` reads them. */
  readonly keys: Secret;
  /** Key-encryption key of the platform's own secrets, where it is served. */
  readonly platformKeys?: Secret | undefined;
  readonly accounts: readonly KnownAccount[];
  /** Folder of `pg_dump` and `postgres`. */
  readonly pgBin: string;
  /** The file that holds the authority of the servers' certificates. */
  readonly tlsCaFile?: string | undefined;
}
