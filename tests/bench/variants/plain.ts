import { SettableShare } from "../../../src/tenancy/pools/budget_share.ts";
import { ClinicPools } from "../../../src/tenancy/pools/clinic_pools.ts";
import { serve } from "./runtime.ts";

/** No budget: a pool of up to ten connections for every clinic, as most would write it. */
await serve({
  pools: new ClinicPools({
    share: new SettableShare(1_000_000),
    policy: { maxPerClinic: 10, maxOpening: 1_000 },
  }),
});
