import { DatabaseError } from "../../db/errors.ts";
import { invalidToken } from "../../http/access_tokens.ts";
import { AppError } from "../../kernel/errors.ts";

/** The name of the rule that a change of users broke; anything else as it is. */
export function toUserError(cause: unknown): unknown {
  if (!(cause instanceof DatabaseError)) return cause;
  switch (cause.constraint) {
    case "platform_users_email_key":
      return new AppError(
        "duplicate",
        "Another platform user has this e-mail address",
        { cause },
      );
    case "platform_users_last_owner":
      return new AppError("last-owner", "The last active owner stays one", {
        cause,
      });
    case "platform_users_own_account":
      return new AppError("own-account", "Ask another owner", { cause });
    case "platform_users_by_owner":
      // Between the request and its change, whoever asked was suspended or lost the role.
      return invalidToken(cause);
    default:
      return cause;
  }
}

export function noSuchUser(): AppError {
  return new AppError("not-found", "There is no such platform user");
}
