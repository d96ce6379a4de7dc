import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { ClinicVault } from "../../src/crypto/clinic_vault.ts";
import { SealError } from "../../src/crypto/errors.ts";
import { flippedBits, keyOf } from "../support/bytes.ts";

const PLACE = { table: "patients", column: "nir", row: "row-1" };
const NIR = "295109912611193";

function vaultOf(
  clinicId: string,
  options: { keys?: [number, Uint8Array][]; current?: number } = {},
): ClinicVault {
  const seed = clinicId === "clinic-a" ? 1 : 2;
  return new ClinicVault({
    clinicId,
    dataKeys: new Map(options.keys ?? [[1, keyOf(seed)]]),
    currentDataKey: options.current ?? 1,
    indexKey: keyOf(seed + 100),
  });
}

Deno.test("ClinicVault opens what it sealed, to the character", () => {
  const vault = vaultOf("clinic-a");
  for (const text of ["", NIR, "é", "e\u0301", "\ufeffBOM", "💊\0\n"]) {
    assert.equal(vault.openText(PLACE, vault.sealText(PLACE, text)), text);
  }
});

Deno.test("ClinicVault refuses to seal a lone surrogate, which would come back as another text", () => {
  assert.throws(() => vaultOf("clinic-a").sealText(PLACE, "\ud800"), TypeError);
});

Deno.test("a sealed value moved to another row, column, table or clinic is a SealError", () => {
  const vault = vaultOf("clinic-a");
  const stored = vault.sealText(PLACE, NIR);
  const elsewhere = [
    { ...PLACE, row: "row-2" },
    { ...PLACE, column: "notes" },
    { ...PLACE, table: "contacts" },
    { table: "patientsnir", column: "", row: "row-1" },
  ];
  for (const place of elsewhere) {
    assert.throws(() => vault.openText(place, stored), SealError);
  }
  assert.throws(() => vaultOf("clinic-b").openText(PLACE, stored), SealError);
});

Deno.test("a sealed value is bound to its clinic even when two clinics were given the same keys", () => {
  const options = { dataKeys: new Map([[1, keyOf(1)]]), currentDataKey: 1 };
  const [a, b] = ["clinic-a", "clinic-b"].map((clinicId) =>
    new ClinicVault({ clinicId, ...options, indexKey: keyOf(9) })
  );
  const stored = a!.sealText(PLACE, NIR);
  assert.throws(() => b!.openText(PLACE, stored), SealError);
  assert.notDeepEqual(a!.blindIndex("nir", NIR), b!.blindIndex("nir", NIR));
  assert.notDeepEqual(a!.deriveKey("cursor"), b!.deriveKey("cursor"));
});

Deno.test("a flipped bit or a cut anywhere in a sealed value is a SealError", () => {
  const vault = vaultOf("clinic-a", { keys: [[1, keyOf(1)], [2, keyOf(3)]] });
  const stored = vault.sealText(PLACE, NIR);
  for (const flipped of flippedBits(stored)) {
    assert.throws(() => vault.openText(PLACE, flipped), SealError);
  }
  for (let length = 0; length < stored.length; length++) {
    const cut = stored.subarray(0, length);
    assert.throws(() => vault.openText(PLACE, cut), SealError);
  }
});

Deno.test("a rotation of the data key reads the old version until every value is sealed again", () => {
  const before = vaultOf("clinic-a");
  const old = before.sealText(PLACE, NIR);
  const keys: [number, Uint8Array][] = [[1, keyOf(1)], [2, keyOf(5)]];
  const during = vaultOf("clinic-a", { keys, current: 2 });
  assert.equal(before.needsReseal(old), false);
  assert.equal(during.needsReseal(old), true);
  assert.equal(during.openText(PLACE, old), NIR);

  const fresh = during.sealText(PLACE, during.openText(PLACE, old));
  assert.equal(during.needsReseal(fresh), false);
  const after = vaultOf("clinic-a", { keys: [[2, keyOf(5)]], current: 2 });
  assert.equal(after.openText(PLACE, fresh), NIR);
  assert.throws(() => after.openText(PLACE, old), SealError);
});

Deno.test("the number of the data key is part of what is authenticated", () => {
  const same: [number, Uint8Array][] = [[1, keyOf(1)], [2, keyOf(1)]];
  const vault = vaultOf("clinic-a", { keys: same });
  const stored = vault.sealText(PLACE, NIR);
  stored[3] = 2;
  assert.throws(() => vault.openText(PLACE, stored), SealError);
});

Deno.test("a blind index is stable, and differs by clinic, by purpose and by value", () => {
  const a = vaultOf("clinic-a");
  const index = a.blindIndex("nir", NIR);
  assert.equal(index.length, 32);
  assert.deepEqual(index, vaultOf("clinic-a").blindIndex("nir", NIR));
  assert.deepEqual(index, a.blindIndex("nir", NIR));
  const others = [
    vaultOf("clinic-b").blindIndex("nir", NIR),
    a.blindIndex("email", NIR),
    a.blindIndex("nir", NIR.slice(1)),
    createHmac("sha256", a.deriveKey("nir")).update(NIR).digest(),
  ];
  for (const other of others) assert.notEqual(index.toHex(), other.toHex());
});

Deno.test("a blind index survives a rotation of the data key", () => {
  const after = vaultOf("clinic-a", { keys: [[2, keyOf(5)]], current: 2 });
  assert.deepEqual(
    after.blindIndex("nir", NIR),
    vaultOf("clinic-a").blindIndex("nir", NIR),
  );
});

Deno.test("derived keys differ by label and are never the index key", () => {
  const vault = vaultOf("clinic-a");
  assert.deepEqual(vault.deriveKey("cursor"), vault.deriveKey("cursor"));
  assert.notDeepEqual(vault.deriveKey("cursor"), vault.deriveKey("export"));
  assert.notDeepEqual(vault.deriveKey("cursor"), keyOf(101));
});

Deno.test("ClinicVault refuses keys of another length, numbers out of range and a missing current key", () => {
  const good = {
    clinicId: "clinic-a",
    dataKeys: new Map([[1, keyOf(1)]]),
    currentDataKey: 1,
    indexKey: keyOf(2),
  };
  const bad = [
    { indexKey: new Uint8Array(16) },
    { dataKeys: new Map([[1, new Uint8Array(31)]]) },
    { dataKeys: new Map([[0, keyOf(1)]]), currentDataKey: 0 },
    { dataKeys: new Map([[2 ** 32, keyOf(1)]]), currentDataKey: 2 ** 32 },
    { dataKeys: new Map([[1.5, keyOf(1)]]), currentDataKey: 1.5 },
    { dataKeys: new Map() },
    { currentDataKey: 2 },
  ];
  for (const change of bad) {
    assert.throws(
      () => new ClinicVault({ ...good, ...change }),
      /^(TypeError|RangeError): Cannot/,
    );
  }
});

Deno.test("ClinicVault shows no key when it is printed", () => {
  const vault = vaultOf("clinic-a");
  vault.blindIndex("nir", NIR);
  const shown = Deno.inspect(vault, { showHidden: true, depth: 9 }) +
    JSON.stringify(vault);
  assert.ok(!shown.includes("31, 32"));
  assert.ok(!shown.includes("clinic-a"));
});
