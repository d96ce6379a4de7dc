import { jwtVerify } from "jose";
import { openSecret, sealSecret } from "../../src/crypto/seal.ts";
import { clinicKid, parseClinicKid } from "../../src/crypto/token_keys.ts";
import { parseCompactJws } from "../../src/crypto/tokens.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  AccessTokens,
  type AccessTokensOptions,
  invalidToken,
  type VerifiedToken,
} from "../../src/http/access_tokens.ts";
import {
  type ClinicId,
  isUuid,
  type SessionId,
  type StaffId,
} from "../../src/kernel/ids.ts";
import { permissionsOf, type StaffRole } from "../../src/kernel/permissions.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { setPassword } from "../../src/tenancy/provisioning/clinic_database.ts";
import { cellKeys, readClinic } from "./provisioned.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";
import type { TestClinic } from "./world.ts";

/** Puts things back as they were. */
export type Undo = () => Promise<void>;

/** Takes the key from the token's key id, and the clinic from its claims, without asking whether they go together. */
export class TrustingTokens extends AccessTokens {
  readonly #given: AccessTokensOptions;

  constructor(options: AccessTokensOptions) {
    super(options);
    this.#given = options;
  }

  override async verify(token: string): Promise<VerifiedToken> {
    const { directory, issuer } = this.#given;
    const { header, payload } = parse(token);
    const kid = parseClinicKid(header.kid);
    const signer = kid && await directory.byId(kid.clinicId);
    const id = String(payload.clinic);
    const clinic = isUuid(id) ? await directory.byId(id) : undefined;
    const key = signer?.tokenKeys.get(kid?.number ?? 0);
    if (!clinic || !key) throw invalidToken();
    const audience = `urn:cloison:clinic:${clinic.id}`;
    await jwtVerify(token, key, { issuer, audience }).catch((error) => {
      throw invalidToken(error);
    });
    const role = payload.role as StaffRole;
    return {
      clinic,
      issuedAt: Number(payload.iat),
      actor: {
        kind: "staff",
        staffId: payload.sub as StaffId,
        clinicId: clinic.id,
        sessionId: payload.sid as SessionId,
        role,
        permissions: permissionsOf(role),
      },
    };
  }
}

function parse(token: string): ReturnType<typeof parseCompactJws> {
  try {
    return parseCompactJws(token);
  } catch (error) {
    throw invalidToken(error);
  }
}

/** Issues tokens that are good for an hour. */
export class EternalTokens extends AccessTokens {
  constructor(options: AccessTokensOptions) {
    super({ ...options, lifetimeSeconds: 3_600 });
  }
}

/** Gives `to` the database password of `from`. */
export async function sharePassword(
  stack: TestStack,
  from: TestClinic,
  to: TestClinic,
): Promise<Undo> {
  const bytes = await read(stack, from, "database-password");
  const own = await readClinic(stack, to.id as ClinicId);
  const { user, password } = own.target;
  const undo = await write(stack, to, "database-password", bytes);
  const change = (value: Secret) =>
    withDatabase(
      workerLogin(stack),
      CENTRAL_DATABASE,
      (central) => setPassword(central, user, value),
    );
  await change(new Secret(new TextDecoder().decode(bytes)));
  return async () => {
    await change(password);
    await undo();
  };
}

/** Lets `to` sign with the key of `from`. */
export async function shareSigningKey(
  stack: TestStack,
  from: TestClinic,
  to: TestClinic,
): Promise<Undo> {
  const bytes = await read(stack, from, "token-key");
  const kid = clinicKid(to.id, 1);
  const jwk = { ...JSON.parse(new TextDecoder().decode(bytes)), kid };
  const { d: _private, ...publicJwk } = jwk;
  const [row] = await inCentral<{ public_jwk: unknown }>(
    stack,
    sql`select public_jwk from clinic_token_keys where clinic_id = ${to.id}`,
  );
  const publish = (value: unknown) =>
    inCentral(
      stack,
      sql`
      update clinic_token_keys set public_jwk = ${value} where clinic_id = ${to.id}`,
    );
  const undo = await write(
    stack,
    to,
    "token-key",
    new TextEncoder().encode(JSON.stringify(jwk)),
  );
  await publish(publicJwk);
  return async () => {
    await publish(row!.public_jwk);
    await undo();
  };
}

/** Lets `to` seal with the data key of `from`. */
export async function shareDataKey(
  stack: TestStack,
  from: TestClinic,
  to: TestClinic,
): Promise<Undo> {
  return await write(
    stack,
    to,
    "data-key",
    await read(stack, from, "data-key"),
  );
}

/** Copies a sealed secret as it stands. */
export async function copySecret(
  stack: TestStack,
  from: TestClinic,
  to: TestClinic,
): Promise<Undo> {
  return await store(
    stack,
    to,
    "data-key",
    await stored(stack, from, "data-key"),
  );
}

interface Stored {
  readonly key_id: string;
  readonly sealed: Uint8Array;
}

async function read(
  stack: TestStack,
  from: TestClinic,
  purpose: string,
): Promise<Uint8Array> {
  const { key_id: keyId, sealed } = await stored(stack, from, purpose);
  const place = { clinicId: from.id, purpose: `${purpose}/1` };
  return await openSecret(cellKeys(stack), place, { keyId, sealed });
}

async function write(
  stack: TestStack,
  to: TestClinic,
  purpose: string,
  bytes: Uint8Array,
): Promise<Undo> {
  const place = { clinicId: to.id, purpose: `${purpose}/1` };
  const { keyId, sealed } = await sealSecret(cellKeys(stack), place, bytes);
  return await store(stack, to, purpose, { key_id: keyId, sealed });
}

async function store(
  stack: TestStack,
  to: TestClinic,
  purpose: string,
  value: Stored,
): Promise<Undo> {
  const before = await stored(stack, to, purpose);
  const put = async ({ key_id, sealed }: Stored) => {
    await inCentral(
      stack,
      sql`
      update clinic_secrets set key_id = ${key_id}, sealed = ${sealed}
      where clinic_id = ${to.id} and purpose = ${purpose} and number = 1`,
    );
  };
  await put(value);
  return () => put(before);
}

async function stored(
  stack: TestStack,
  { id }: TestClinic,
  purpose: string,
): Promise<Stored> {
  const [row] = await inCentral<Stored>(
    stack,
    sql`
    select key_id, sealed from clinic_secrets
    where clinic_id = ${id} and purpose = ${purpose} and number = 1`,
  );
  if (!row) throw new Error(`There is no ${purpose}`);
  return row;
}

function inCentral<Row>(stack: TestStack, statement: Sql): Promise<Row[]> {
  return withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) => central.rows<Row>(statement),
  );
}
