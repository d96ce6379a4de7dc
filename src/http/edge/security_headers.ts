const HEADERS: readonly (readonly [string, string])[] = [
  ["strict-transport-security", "max-age=63072000; includeSubDomains"],
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cache-control", "no-store"],
];

/** Sets what every response carries, unless the handler chose otherwise (the docs page has its own policy). */
export function setSecurityHeaders(headers: Headers): void {
  for (const [name, value] of HEADERS) {
    if (!headers.has(name)) headers.set(name, value);
  }
}
