import { BlockList, isIP } from "node:net";

/**
 * Where a request comes from: the peer of the connection, unless that is a proxy that is trusted to say for whom it asks.
 * The nearest address in `X-Forwarded-For` that is not such a proxy counts: what stands further left, anybody can write.
 */
export class ClientAddresses {
  readonly #proxies = new BlockList();

  /**
   * @param proxies addresses and networks (`10.0.0.0/8`)
   * @throws {TypeError} for what is neither
   */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = "", bits, more] = proxy.split("/");
      const family = familyOf(address);
      if (!family || more !== undefined) throw notANetwork();
      if (bits === undefined) {
        this.#proxies.addAddress(address, family);
      } else if (isPrefixLength(bits, family)) {
        this.#proxies.addSubnet(address, Number(bits), family);
      } else {
        throw notANetwork();
      }
    }
  }

  of(peer: string | null, forwardedFor: string | undefined): string | null {
    if (peer === null || forwardedFor === undefined) return peer;
    let address = plain(peer);
    const hops = forwardedFor.split(",").map((hop) => plain(hop.trim()));
    while (this.#isProxy(address) && hops.length > 0) {
      const hop = hops.pop()!;
      if (!isIP(hop)) break;
      address = hop;
    }
    return address;
  }

  #isProxy(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#proxies.check(address, family);
  }
}

/** The network that shares a limit: an IPv4 address, or the /64 that one IPv6 customer has. */
export function networkOf(address: string | null): string {
  if (address === null) return "unknown";
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined
    ? []
    : Array(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right].slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16)).join(":") + "::/64";
}

/** Without the IPv6 form that a dual-stack socket gives to IPv4 addresses. */
function plain(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  switch (isIP(address)) {
    case 4:
      return "ipv4";
    case 6:
      return "ipv6";
    default:
      return undefined;
  }
}

function isPrefixLength(text: string, family: "ipv4" | "ipv6"): boolean {
  return /^\d{1,3}$/.test(text) &&
    Number(text) <= (family === "ipv4" ? 32 : 128);
}

function notANetwork(): TypeError {
  return new TypeError("Cannot trust proxy: not an address or a network");
}
