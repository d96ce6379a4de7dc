import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "./schemas.ts";

export const SessionSchema = z.strictObject({
  id: id("The session"),
  current: z.boolean().openapi({
    description: "Whether this request belongs to it",
    example: true,
  }),
  createdAt: instant("When somebody logged in"),
  lastUsedAt: instant("When it was last refreshed"),
  expiresAt: instant("When it is over, however often it is refreshed"),
  address: orNull(label({
    max: 45,
    pattern: "^[0-9a-f.:]+$",
    description: "Network address of the log-in, as far as it is known",
    example: "192.0.2.7",
  })),
}).openapi("Session", {
  description: "A log-in of the account that goes on",
});

export type Session = z.infer<typeof SessionSchema>;

/** A session, as it is stored. */
export interface SessionRow {
  readonly id: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
  readonly address: string | null;
}

/** @param current the session of the request */
export function toSession(row: SessionRow, current: string): Session {
  return {
    id: row.id,
    current: row.id === current,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    address: row.address,
  };
}

export const SessionPageSchema = pageOf(
  SessionSchema,
  "SessionPage",
  "A page of sessions",
);

export const SessionListQuery = z.strictObject({
  limit: limitParameter,
  cursor: cursorParameter,
});

export const SessionParams = z.strictObject({
  id: id("The session").openapi({ param: { name: "id", in: "path" } }),
});

/** What every log-in gives, in a clinic or on the platform. */
export const sessionTokenMembers = {
  accessToken: label({
    max: 4096,
    pattern: "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
    description: "Send it as `Authorization: Bearer <token>`",
    example:
      "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiYXQrand0In0.eyJyb2xlIjoibnVyc2UifQ.c2lnbmF0dXJl",
  }),
  tokenType: z.literal("Bearer").openapi({
    description: "How to send it (RFC 6750)",
  }),
  expiresIn: integer({
    min: 1,
    max: 86_400,
    description: "Seconds until the access token is refused",
    example: 600,
  }),
  sessionExpiresIn: integer({
    min: 1,
    max: 1_000_000,
    description:
      "Seconds until the session is over; refreshing does not make it longer",
    example: 43_200,
  }),
};
