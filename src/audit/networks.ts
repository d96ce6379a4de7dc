import { isIP } from "node:net";

/** Longest text of an address with a prefix length. */
export const MAX_NETWORK = 49;

/**
 * An address, or a network (`192.0.2.0/24`), as PostgreSQL reads it; with the form of IPv6 that a dual-stack socket gives
 * to addresses of IPv4, so that both forms are found.
 * @returns undefined for what is neither
 */
export function networksOf(text: string): readonly string[] | undefined {
  const [address = "", bits, more] = text.split("/");
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 0 || more !== undefined) return undefined;
  const longest = family === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const length = bits === undefined ? longest : Number(bits);
  if (length > longest) return undefined;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = family === 4 ? address : mapped;
  if (plain === undefined || family === 6 && length < 96) {
    return [`${address}/${length}`];
  }
  const short = family === 4 ? length : length - 96;
  return [`${plain}/${short}`, `::ffff:${plain}/${short + 96}`];
}
