import type { StaffRole } from "../../src/kernel/permissions.ts";
import { type Client, logIn } from "../support/client.ts";
import type { OpenApiDocument, Operation } from "../support/document.ts";
import {
  prepare,
  type PreparedRequest,
  roleFor,
} from "../support/generated_request.ts";
import { storedState } from "../support/stored_state.ts";
import type { TestClinic, World } from "../support/world.ts";

/** One sentence about one operation, and what shows that it holds. */
export interface Case {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

/** An operation under test, with a clinic `home` in which it is called and one next to it. */
export class Subject {
  readonly world: World;
  readonly document: OpenApiDocument;
  readonly operation: Operation;
  readonly #clients: Map<string, Promise<Client>>;

  constructor(
    world: World,
    document: OpenApiDocument,
    operation: Operation,
    clients: Map<string, Promise<Client>>,
  ) {
    this.world = world;
    this.document = document;
    this.operation = operation;
    this.#clients = clients;
  }

  get home(): TestClinic {
    return this.world.clinic(0);
  }

  get neighbour(): TestClinic {
    return this.world.clinic(1);
  }

  /** Who calls it: an admin, unless admins may not. */
  get role(): StaffRole {
    return roleFor(this.operation);
  }

  /** Logged in once for all tests: use `logIn` where the session will not survive. */
  client(
    clinic: TestClinic = this.home,
    role: StaffRole = this.role,
  ): Promise<Client> {
    return this.shared(
      `${clinic.id} ${role}`,
      () => logIn(this.world, clinic, role),
    );
  }

  /** Logs in the first time. */
  protected shared(
    key: string,
    open: () => Promise<Client>,
  ): Promise<Client> {
    const known = this.#clients.get(key);
    if (known) return known;
    const client = open();
    this.#clients.set(key, client);
    return client;
  }

  /** Logged in for this test alone: the operation may end the session. */
  freshClient(): Promise<Client> {
    return logIn(this.world, this.home, this.role);
  }

  /** A request of the operation that is right in everything. */
  async request(clinic: TestClinic = this.home): Promise<PreparedRequest> {
    const client = await this.client(clinic);
    const { world, document, operation } = this;
    return await prepare(document, operation, { world, clinic, client });
  }

  /** What the home clinic's database holds. */
  stored(): Promise<Record<string, string>> {
    return storedState(this.world, this.home);
  }
}
