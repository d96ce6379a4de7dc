import { toDatabaseError } from "./errors.ts";
import {
  type ConnectionTarget,
  type DriverClient,
  openDriver,
} from "./driver.ts";
import { identifier, sql } from "./sql.ts";

export interface ListenerHandlers {
  /** Called after every (re)connection: what was sent before it may have been missed. */
  readonly onConnected: () => void;
  readonly onNotification: (payload: string) => void;
  /** Called once for every loss, and for every attempt that fails. */
  readonly onDisconnected: (error: unknown) => void;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;
/** How often a silent connection is asked whether it is still there, and how long it may take to answer. */
const HEARTBEAT_MS = 5_000;

/**
 * Listens to one NOTIFY channel for as long as it is open, and connects again by itself.
 * The connection must be direct: a transaction pooler takes the session away after each transaction.
 */
export class Listener {
  readonly #target: ConnectionTarget;
  readonly #listen: string;
  readonly #handlers: ListenerHandlers;
  #client: DriverClient | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    target: ConnectionTarget,
    channel: string,
    handlers: ListenerHandlers,
  ) {
    this.#target = target;
    this.#listen = sql`listen ${identifier(channel)}`.render().text;
    this.#handlers = handlers;
  }

  /** Makes the first attempt; a failure is reported to the handler and tried again like any other. */
  async start(): Promise<void> {
    await this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client?.end(1).catch(ignore);
    this.#client?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #connect(): Promise<void> {
    if (this.#closed) return;
    let over = false;
    const lose = (error: unknown) => {
      if (over || this.#closed) return;
      over = true;
      client.destroy();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.#handlers.onDisconnected(error);
    };
    const client = openDriver(this.#target, {
      onClose: () => lose(new Error("Connection was closed")),
      onNotification: this.#handlers.onNotification,
    });
    this.#client = client;
    try {
      await client.simple(this.#listen);
      if (over || this.#closed) return;
      this.#retryMs = FIRST_RETRY_MS;
      this.#beat(client, lose);
      this.#handlers.onConnected();
    } catch (error) {
      lose(toDatabaseError(error, "listen"));
    }
  }

  /** A connection that was cut without a word would be silent for ever, and so would what it should tell. */
  #beat(client: DriverClient, lose: (error: unknown) => void): void {
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(
        () => lose(new Error("Connection does not answer")),
        HEARTBEAT_MS,
      );
      client.simple("select").then(() => {
        if (this.#closed) return;
        clearTimeout(this.#timer);
        this.#beat(client, lose);
      }, lose);
    }, HEARTBEAT_MS);
  }
}

function ignore(): void {}
