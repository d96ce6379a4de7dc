import {
  HasherBusyError,
  type PasswordHasher,
  passwordProblems,
} from "../crypto/passwords.ts";
import { AppError } from "../kernel/errors.ts";

/**
 * Whether the password is the account's. The same work whether or not there is an account, or one with a password.
 * @throws {AppError} `service-unavailable` when too many wait for their turn
 */
export async function isPasswordOf(
  hasher: PasswordHasher,
  hash: string | null | undefined,
  password: string,
): Promise<boolean> {
  return await unlessBusy(() =>
    hash ? hasher.verify(password, hash) : hasher.verifyDummy(password)
  );
}

/**
 * For who is logged in, and is asked again before something that a stolen token alone must not do.
 * @throws {AppError} `invalid-request` that names `currentPassword`
 */
export async function requireOwnPassword(
  hasher: PasswordHasher,
  hash: string | null | undefined,
  password: string,
): Promise<void> {
  if (await isPasswordOf(hasher, hash, password)) return;
  throw new AppError("invalid-request", "The present password is wrong", {
    violations: [{
      pointer: "#/currentPassword",
      code: "wrong",
      detail: "is not the password of this account",
    }],
    refusal: true,
  });
}

/** For who is logged in, and typed a code that is none. */
export function wrongCode(): AppError {
  return new AppError("invalid-request", "The code is wrong", {
    violations: [{
      pointer: "#/code",
      code: "wrong",
      detail: "is no code that is good now, or was used before",
    }],
    refusal: true,
  });
}

/** For who is logged in, has an authenticator app, and sent no code of it. */
export function missingCode(): AppError {
  return new AppError("invalid-request", "This account needs a code", {
    violations: [{
      pointer: "#/code",
      code: "required",
      detail: "is needed: the account has two-factor authentication",
    }],
    refusal: true,
  });
}

const PROBLEM_TEXTS: Readonly<
  Record<ReturnType<typeof passwordProblems>[number], string>
> = {
  "ill-formed": "must be well-formed Unicode",
  "too-long": "must have at most 128 characters",
  "too-short": "must have at least 12 characters",
  "too-common": "is made of what everybody tries first",
  "too-close-to-context": "is made of names of the clinic or the person",
};

/**
 * Hashes a password that somebody has chosen.
 * @param member where it stands in the body
 * @param context what an attacker knows: names of the clinic and the person, the e-mail address
 * @throws {AppError} `invalid-request` with every rule that it breaks, `service-unavailable` under load
 */
export async function hashNewPassword(
  hasher: PasswordHasher,
  password: string,
  member: string,
  context: readonly string[],
): Promise<string> {
  const problems = passwordProblems(password, context);
  if (problems.length > 0) {
    throw new AppError("invalid-request", "The password cannot be used", {
      violations: problems.map((code) => ({
        pointer: `#/${member}`,
        code,
        detail: PROBLEM_TEXTS[code],
      })),
    });
  }
  return await unlessBusy(() => hasher.hash(password));
}

async function unlessBusy<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HasherBusyError)) throw error;
    throw new AppError(
      "service-unavailable",
      "Too many people log in at once",
      { cause: error, retryAfter: 2 },
    );
  }
}
