/** A server's certificate and its private key, both PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** What the servers of one stack prove who they are with. */
export interface Authority {
  /** PEM of the certificate that clients check the servers' against. */
  readonly ca: string;
  /** The file that holds {@link ca}, for programs that want a path (`psql`, `CLOISON_TLS_CA_FILE`). */
  readonly caFile: string;
  readonly postgres: ServerIdentity;
  readonly pooler: ServerIdentity;
}

const SERVERS = ["postgres", "pooler"] as const;
const VALID_DAYS = 397;
/** A certificate that would end during this time is made anew at the next start. */
const RENEW_SECONDS = 30 * 24 * 60 * 60;

/**
 * The local certificate authority of a stack, made the first time and again before it expires. It signs one certificate
 * for each server and then its own key is thrown away: nobody can make another one that clients would believe.
 * @param dir the stack's folder; files of mode 0600 go into `tls` in it
 * @throws {Error} with what openssl said, if it fails
 */
export async function openAuthority(dir: string): Promise<Authority> {
  const folder = `${dir}/tls`;
  if (!await isValid(folder)) await make(folder);
  const identity = async (name: string): Promise<ServerIdentity> => ({
    certificate: await Deno.readTextFile(`${folder}/${name}.pem`),
    key: await Deno.readTextFile(`${folder}/${name}.key`),
  });
  const caFile = `${folder}/ca.pem`;
  return {
    ca: await Deno.readTextFile(caFile),
    caFile,
    postgres: await identity("postgres"),
    pooler: await identity("pooler"),
  };
}

async function isValid(folder: string): Promise<boolean> {
  const valid = await Promise.all(["ca", ...SERVERS].map(async (name) => {
    const { success } = await new Deno.Command("openssl", {
      args: [
        ...["x509", "-noout", "-in", `${folder}/${name}.pem`],
        ...["-checkend", String(RENEW_SECONDS)],
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  }));
  return !valid.includes(false);
}

async function make(folder: string): Promise<void> {
  const fresh = `${folder}.new`;
  await remove(fresh);
  await Deno.mkdir(fresh, { mode: 0o700 });
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-ec", SCRIPT, "sh", String(VALID_DAYS), ...SERVERS],
    cwd: fresh,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    const said = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot make certificates: ${said}`);
  }
  await remove(folder);
  await Deno.rename(fresh, folder);
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * The names are those of the loopback; the pooler finds PostgreSQL by address, so that no resolver is asked. Only
 * options that OpenSSL 1.1, 3 and LibreSSL know.
 */
const SCRIPT = String.raw`
umask 077
days=$1; shift
cat >ca.cnf <<'END'
[req]
distinguished_name = dn
prompt = no
[dn]
O = Cloison
CN = Cloison local authority
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
END
cat >server.cnf <<'END'
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
END
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -sha256 -key ca.key -days "$days" \
  -config ca.cnf -extensions ca -out ca.pem
for name in "$@"; do
  openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
  openssl req -new -sha256 -key "$name.key" -config ca.cnf \
    -subj "/O=Cloison/CN=$name" -out "$name.csr"
  openssl x509 -req -sha256 -in "$name.csr" -CA ca.pem -CAkey ca.key \
    -set_serial "0x$(openssl rand -hex 16)" -days "$days" \
    -extfile server.cnf -out "$name.pem"
  rm "$name.csr"
done
rm ca.key ca.cnf server.cnf
`;
