import { ConfigError } from "./config_error.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----";
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[?[0-9a-f]*:[0-9a-f:.]*\]?)$/i;

/**
 * The authority (PEM) that the databases' certificates must come from; without one, nothing is encrypted.
 * @param hosts the variables that name a server, with their values
 * @throws {ConfigError} when production has none, when it is no certificate, or when a host is an address: a certificate
 * is checked against a name
 */
export function readTlsCa(
  tlsCa: string | undefined,
  environment: "development" | "production",
  hosts: Readonly<Record<string, string>>,
): string | undefined {
  if (tlsCa === undefined) {
    if (environment === "development") return undefined;
    throw new ConfigError([
      "CLOISON_TLS_CA_FILE is missing: in production, databases are reached over verified TLS only",
    ]);
  }
  if (!tlsCa.includes(CERTIFICATE)) {
    throw new ConfigError(["CLOISON_TLS_CA_FILE holds no PEM certificate"]);
  }
  const problems = Object.entries(hosts)
    .filter(([, host]) => ADDRESS.test(host))
    .map(([name]) => `${name} must be a DNS name: certificates carry names`);
  if (problems.length > 0) throw new ConfigError(problems);
  return tlsCa;
}
