import { equal, throws } from "node:assert/strict";
import {
  ClientAddresses,
  networkOf,
} from "../../src/http/edge/client_address.ts";

Deno.test("ClientAddresses believes X-Forwarded-For from trusted proxies only, and the nearest other hop", () => {
  const addresses = new ClientAddresses(["10.0.0.0/8", "fd00::1", "192.0.2.7"]);
  const cases: [string | null, string | undefined, string | null][] = [
    ["203.0.113.5", undefined, "203.0.113.5"],
    ["203.0.113.5", "198.51.100.1", "203.0.113.5"],
    ["10.1.2.3", undefined, "10.1.2.3"],
    ["10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["10.1.2.3", "198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["10.1.2.3", "6.6.6.6, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["fd00::1", "2001:db8::5", "2001:db8::5"],
    ["fd00::2", "2001:db8::5", "fd00::2"],
    ["10.1.2.3", "nonsense", "10.1.2.3"],
    ["10.1.2.3", "6.6.6.6, nonsense", "10.1.2.3"],
    ["10.1.2.3", "10.4.4.4", "10.4.4.4"],
    [null, "198.51.100.1", null],
  ];
  for (const [peer, forwarded, expected] of cases) {
    equal(addresses.of(peer, forwarded), expected, `${peer} ${forwarded}`);
  }
});

Deno.test("ClientAddresses refuses what is no network", () => {
  for (
    const wrong of ["", "example.org", "10.0.0.0/33", "10.0.0.0/8/8", "/8"]
  ) {
    throws(() => new ClientAddresses([wrong]), TypeError, wrong);
  }
});

Deno.test("networkOf puts the addresses of one IPv6 customer together", () => {
  const cases: [string | null, string][] = [
    ["203.0.113.5", "203.0.113.5"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    [null, "unknown"],
  ];
  for (const [address, expected] of cases) {
    equal(networkOf(address), expected);
  }
});
