import { HOST, TLS_HOST } from "../../scripts/stack/ports.ts";

/** A TCP proxy that counts connections and round trips, and that can fall silent. */
export class CountingProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #work: Promise<void>[] = [];
  #connections = 0;
  #roundTrips = 0;
  #cut = false;
  #thaw: PromiseWithResolvers<void> | undefined;

  /** @param target port on the loopback */
  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: HOST, port: 0 });
    this.#work.push(this.#accept());
  }

  /** With the name in the server's certificate: TLS passes through. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: TLS_HOST, port: this.#listener.addr.port };
  }

  /** Connections that were accepted, ever. */
  get connections(): number {
    return this.#connections;
  }

  /** How often a client spoke after the server had, or first. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Tells how many round trips `work` takes. */
  async count(work: () => Promise<unknown>): Promise<number> {
    const before = this.#roundTrips;
    await work();
    return this.#roundTrips - before;
  }

  /** Keeps connections open and forwards nothing more, like a network that lost its route. */
  freeze(): void {
    this.#thaw ??= Promise.withResolvers();
  }

  /** Ends every connection, and each new one at once, like a server that is not there. */
  cut(): void {
    this.#cut = true;
    for (const conn of this.#open) close(conn);
    this.#open.clear();
  }

  mend(): void {
    this.#cut = false;
  }

  thaw(): void {
    this.#thaw?.resolve();
    this.#thaw = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.thaw();
    for (const conn of this.#open) close(conn);
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#connections++;
      if (this.#cut) {
        close(client);
        continue;
      }
      this.#open.add(client);
      this.#work.push(this.#serve(client));
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    let speaker: "client" | "server" = "server";
    let server: Deno.TcpConn | undefined;
    try {
      server = await Deno.connect({ hostname: HOST, port: this.#target });
      server.setNoDelay(true);
      client.setNoDelay(true);
      this.#open.add(server);
      await Promise.all([
        this.#copy(client, server, () => {
          if (speaker === "server") this.#roundTrips++;
          speaker = "client";
        }),
        this.#copy(server, client, () => speaker = "server"),
      ]);
    } catch {
      // Either side is gone, and so will be the other.
    } finally {
      close(client);
      if (server) close(server);
    }
  }

  async #copy(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    onData: () => void,
  ): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const size = await from.read(buffer);
      await this.#thaw?.promise;
      if (size === null) break;
      onData();
      for (let at = 0; at < size;) {
        at += await to.write(buffer.subarray(at, size));
      }
    }
    close(to);
  }
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
