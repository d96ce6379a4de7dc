import { equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { createLogger } from "../../src/kernel/log.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import type { ClinicPools } from "../../src/tenancy/pools/clinic_pools.ts";
import {
  type StaffClaims,
  StaffStates,
} from "../../src/tenancy/staff_states.ts";
import { claimsOf, openSession } from "../support/sessions.ts";
import { inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let now = Date.now();
let announced: string[] = [];
let announce: () => Promise<void> = () => Promise.resolve();

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test.beforeEach(() => {
  now = Date.now();
  announced = [];
  announce = () => Promise.resolve();
});

function openStates(
  logLines: string[] = [],
  pools: ClinicPools = world.pools,
): StaffStates {
  return new StaffStates({
    pools,
    clock: () => now,
    tokenSeconds: 600,
    maxEntries: 10,
    announce: async (id) => {
      announced.push(id);
      await announce();
    },
    log: createLogger({
      write: (line) => logLines.push(line),
      clock: () => now,
    }),
  });
}

async function newSession(): Promise<{ clinic: Clinic; claims: StaffClaims }> {
  const session = await openSession(world, world.clinic(0), "nurse");
  const { sub, sid, role, iat } = claimsOf(session.accessToken);
  const clinic = await world.directory.byId(world.clinic(0).id);
  ok(clinic);
  return {
    clinic,
    claims: {
      staffId: sub as never,
      sessionId: sid as never,
      role: role as never,
      // Long before anything was read, so that only what was read decides.
      issuedAt: iat - 60,
    },
  };
}

async function revoke({ sessionId }: StaffClaims): Promise<void> {
  await inClinic(
    world,
    world.clinic(0),
    sql`update sessions set revoked_at = now() where id = ${sessionId}`,
  );
}

Deno.test("StaffStates believes what it read for a second while it cannot hear, and for thirty while it can", async () => {
  for (const [hearing, lifetime] of [[false, 1_000], [true, 30_000]] as const) {
    const states = openStates();
    if (hearing) states.startHearing();
    const { clinic, claims } = await newSession();
    equal(await states.holds(clinic, claims), true);
    await revoke(claims);
    now += lifetime - 1;
    equal(await states.holds(clinic, claims), true);
    now += 1;
    equal(await states.holds(clinic, claims), false);
  }
});

Deno.test("StaffStates forgets what was announced, and everything when it can hear again", async () => {
  for (const how of ["drop", "hear"] as const) {
    const states = openStates();
    states.startHearing();
    const { clinic, claims } = await newSession();
    equal(await states.holds(clinic, claims), true);
    await revoke(claims);
    equal(await states.holds(clinic, claims), true);
    if (how === "drop") states.drop(clinic.id);
    else states.startHearing();
    equal(await states.holds(clinic, claims), false);
  }
});

Deno.test("StaffStates reads again for a token that is younger than what it knows, and for no older one", async () => {
  const states = openStates();
  states.startHearing();
  const { clinic, claims } = await newSession();
  const other = { ...claims, role: "secretary" as const };
  equal(await states.holds(clinic, claims), true);
  await inClinic(
    world,
    world.clinic(0),
    sql`update staff set role = 'secretary' where id = ${claims.staffId}`,
  );
  equal(await states.holds(clinic, other), false);
  const issuedAt = Math.floor(now / 1000);
  equal(await states.holds(clinic, { ...other, issuedAt }), true);
  equal(await states.holds(clinic, { ...claims, issuedAt }), false);
  await inClinic(
    world,
    world.clinic(0),
    sql`update staff set role = 'nurse' where id = ${claims.staffId}`,
  );
});

Deno.test("StaffStates forgets a change of its own at once, and announces it until that succeeds", async () => {
  const logLines: string[] = [];
  const states = openStates(logLines);
  states.startHearing();
  const { clinic, claims } = await newSession();
  equal(await states.holds(clinic, claims), true);
  await revoke(claims);
  const succeeded = Promise.withResolvers<void>();
  let failures = 2;
  announce = () => {
    if (failures-- > 0) return Promise.reject(new Error("unreachable"));
    succeeded.resolve();
    return Promise.resolve();
  };
  await states.changed(clinic.id);
  equal(await states.holds(clinic, claims), false);
  await succeeded.promise;
  equal(announced.length, 3);
  equal(logLines.length, 2);
  states.close();
});

Deno.test("StaffStates reads once for many who ask at the same time", async () => {
  let reads = 0;
  const counting: ClinicPools = Object.create(world.pools, {
    use: {
      value: (...args: Parameters<ClinicPools["use"]>) => {
        reads++;
        return world.pools.use(...args);
      },
    },
  });
  const states = openStates([], counting);
  states.startHearing();
  const { clinic, claims } = await newSession();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => states.holds(clinic, claims)),
  );
  ok(answers.every((holds) => holds));
  equal(reads, 1);
});
