import { deepEqual, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { Bulkheads } from "../../src/http/limits/bulkheads.ts";

/** Work that lasts until it is told to end. */
function setUp(perClinic = 2, maxWaiting = 10) {
  let now = 0;
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const bulkheads = new Bulkheads({ perClinic, maxWaiting, now: () => now });
  return {
    bulkheads,
    begun,
    pass: (ms: number) => {
      now += ms;
    },
    start(
      clinic: string,
      name: string,
      signal = new AbortController().signal,
    ): Promise<void> {
      return bulkheads.run(clinic, signal, async () => {
        begun.push(name);
        const end = Promise.withResolvers<void>();
        ends.set(name, end);
        await end.promise;
      });
    },
    async end(name: string, error?: Error): Promise<void> {
      if (error) ends.get(name)!.reject(error);
      else ends.get(name)!.resolve();
      await settled();
    },
  };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("Bulkheads: a clinic that is alone is not held up", async () => {
  const { bulkheads, start, begun, end } = setUp();
  const names = ["a1", "a2", "a3", "a4"];
  const all = Promise.all(names.map((name) => start("a", name)));
  await settled();
  deepEqual(begun, names);
  for (const name of names) await end(name);
  await all;
  equal(bulkheads.size, 0);
});

Deno.test("Bulkheads: beside others a clinic has a few at a time, in their order, and the others do not wait for it", async () => {
  const { bulkheads, start, begun, end } = setUp();
  const all = [start("b", "b1")];
  for (const name of ["a1", "a2", "a3", "a4"]) all.push(start("a", name));
  all.push(start("c", "c1"));
  await settled();
  deepEqual(begun, ["b1", "a1", "a2", "c1"]);
  await end("a2");
  await end("c1");
  deepEqual(begun, ["b1", "a1", "a2", "c1", "a3"]);
  await end("a1");
  deepEqual(begun.at(-1), "a4");
  for (const name of ["a3", "a4", "b1"]) await end(name);
  await Promise.all(all);
  equal(bulkheads.size, 0);
});

Deno.test("Bulkheads: a second after the others have gone, all go on", async () => {
  const { start, begun, end, pass } = setUp(1);
  const all = [start("b", "b1"), start("a", "a1"), start("a", "a2")];
  all.push(start("a", "a3"));
  await settled();
  deepEqual(begun, ["b1", "a1"]);
  await end("b1");
  pass(1_000);
  await end("a1");
  deepEqual(begun, ["b1", "a1", "a2", "a3"]);
  for (const name of ["a2", "a3"]) await end(name);
  await Promise.all(all);
});

Deno.test("Bulkheads: work that fails makes room, and who gives up waits no more", async () => {
  const { bulkheads, start, begun, end } = setUp(1);
  const stop = new AbortController();
  const other = start("b", "b1");
  const failed = rejects(start("a", "a1"), /broken/);
  const gone = rejects(start("a", "a2", stop.signal), /enough/);
  const last = start("a", "a3");
  await settled();
  stop.abort(new Error("enough"));
  await gone;
  await end("a1", new Error("broken"));
  await failed;
  deepEqual(begun, ["b1", "a1", "a3"]);
  await end("a3");
  await end("b1");
  await Promise.all([other, last]);
  equal(bulkheads.size, 0);
});

Deno.test("Bulkheads: past its queue a clinic is refused at once, and no other", async () => {
  const { start, begun, end } = setUp(1, 1);
  const all = [start("b", "b1"), start("a", "a1"), start("a", "a2")];
  await rejects(start("a", "a3"), { code: "service-unavailable" });
  all.push(start("c", "c1"));
  await settled();
  deepEqual(begun, ["b1", "a1", "c1"]);
  for (const name of ["a1", "a2", "b1", "c1"]) await end(name);
  await Promise.all(all);
});

Deno.test("Bulkheads: whatever comes and goes, nobody is above the limit, and nobody is forgotten", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          clinic: fc.constantFrom("a", "b", "c"),
          gone: fc.boolean(),
          turns: fc.integer({ min: 0, max: 5 }),
        }),
        { maxLength: 60 },
      ),
      fc.integer({ min: 1, max: 3 }),
      async (requests, perClinic) => {
        const bulkheads = new Bulkheads({
          perClinic,
          maxWaiting: 100,
          now: () => 0,
        });
        const running = new Map<string, number>();
        let answered = 0;
        const none = new AbortController().signal;
        // From here on every clinic has others beside it.
        for (const clinic of ["a", "b"]) {
          await bulkheads.run(clinic, none, () => Promise.resolve());
        }
        await Promise.all(requests.map(async ({ clinic, gone, turns }) => {
          const stop = new AbortController();
          const done = bulkheads.run(clinic, stop.signal, async () => {
            const now = (running.get(clinic) ?? 0) + 1;
            running.set(clinic, now);
            equal(now <= perClinic, true);
            for (let n = 0; n < turns; n++) await Promise.resolve();
            running.set(clinic, running.get(clinic)! - 1);
          });
          if (gone) stop.abort(new Error("gone"));
          await done.then(() => answered++, (error) => {
            equal(error.message, "gone");
            answered++;
          });
        }));
        equal(answered, requests.length);
        equal(bulkheads.size, 0);
      },
    ),
    { numRuns: 200 },
  );
});
