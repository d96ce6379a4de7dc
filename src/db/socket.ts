import { connect as connectTcp, type Socket } from "node:net";
import {
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from "node:tls";

/** Where a server that speaks PostgreSQL's protocol is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority that the server's certificate must come from; `host` must then be a DNS name. */
  readonly tlsCa?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 20_000;
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

/**
 * Connects to a server, and secures the connection if it has an authority.
 *
 * Not left to the driver, which has no deadline for either and no way to stop them, and which goes on with whatever the
 * server answers when it is asked for TLS.
 * @param signal gives up
 * @throws what the system, TLS or the answer of the server was
 */
export async function openSocket(
  { host, port, tlsCa }: ServerAddress,
  signal?: AbortSignal,
): Promise<Socket> {
  signal?.throwIfAborted();
  let socket = connectTcp({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  const giveUp = () => socket.destroy();
  const timer = setTimeout(giveUp, CONNECT_TIMEOUT_MS);
  signal?.addEventListener("abort", giveUp);
  try {
    await happens(socket, "connect");
    if (tlsCa === undefined) return socket;
    await agreeOnTls(socket);
    socket = connectTls({
      socket,
      servername: host,
      secureContext: secureContextOf(tlsCa),
    });
    await happens(socket, "secureConnect");
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** What comes after the one byte of the answer would have been written by somebody in between (CVE-2021-23222). */
async function agreeOnTls(socket: Socket): Promise<void> {
  const answered = happens<Uint8Array>(socket, "data");
  socket.write(SSL_REQUEST);
  const answer = await answered;
  if (answer.length === 1 && answer[0] === YES) return;
  throw Object.assign(new Error("Cannot use TLS: the server does not"), {
    code: "TLS_NOT_OFFERED",
  });
}

/** Settles with the event, or fails when the socket does first. */
function happens<T>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    function end(): void {
      socket.removeListener(event, succeed);
      socket.removeListener("error", fail);
      socket.removeListener("close", close);
    }
    function succeed(value: T): void {
      end();
      resolve(value);
    }
    function fail(error: unknown): void {
      end();
      // A socket may fail more than once, and nobody may be listening.
      socket.on("error", ignore);
      reject(error);
    }
    const close = () => fail(closedError());
    socket.on(event, succeed);
    socket.on("error", fail);
    socket.on("close", close);
  });
}

/** As the driver's own, of a connection that has closed. */
export function closedError(): Error {
  return Object.assign(new Error("Connection is closed"), {
    code: "CONNECTION_CLOSED",
  });
}

/** The last one that was asked for: a process has one authority, and every connection would read its PEM anew. */
let lastContext:
  | { readonly ca: string; readonly context: SecureContext }
  | undefined;

function secureContextOf(ca: string): SecureContext {
  if (lastContext?.ca === ca) return lastContext.context;
  const context = createSecureContext({ ca });
  lastContext = { ca, context };
  return context;
}

function ignore(): void {}
