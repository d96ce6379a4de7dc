import { drawMedicalSummary } from "../seed/background.ts";
import { FINDINGS, MEDICATIONS } from "../seed/practice.ts";
import { eachOf, type Json } from "./demo_api.ts";
import { CONCURRENCY, pick, type Practice, today } from "./demo_practice.ts";

export async function addMedicalSummaries(
  { physician, random, patients }: Practice,
): Promise<void> {
  await eachOf(patients.slice(0, 60), CONCURRENCY, async ({ id }) => {
    const path = `/v1/patients/${id}/medical-summary`;
    const nothing = { version: 1 };
    await physician.change("PUT", path, nothing, drawMedicalSummary(random));
  });
}

export async function addRecords(practice: Practice): Promise<void> {
  const { physician, random, patients } = practice;
  await eachOf(
    patients.slice(0, 20),
    CONCURRENCY,
    async ({ id: patientId }) => {
      const record = await physician.post("/v1/records", {
        patientId,
        kind: "consultation",
        date: today(-Math.floor(random() * 200)),
        title: "Consultation",
        text: pick(random, FINDINGS),
      });
      if (random() < 0.7) {
        const path = `/v1/records/${record.id}`;
        const signed = await physician.change("POST", `${path}/sign`, record);
        if (random() < 0.2) {
          await physician.change("POST", `${path}/amend`, signed, {
            reason: "Résultat reçu après la signature.",
            text: "Histologie : nævus bénin, exérèse complète.",
          });
        }
      }
      if (random() < 0.5) return;
      const [medication, dosage, duration] = pick(random, MEDICATIONS);
      const prescription = await physician.post("/v1/prescriptions", {
        patientId,
        recordId: record.id,
        lines: [{ medication, dosage, duration, notSubstitutable: false }],
      });
      if (random() < 0.2) return;
      const path = `/v1/prescriptions/${prescription.id}`;
      const final = await physician.change(
        "POST",
        `${path}/finalise`,
        prescription,
      );
      if (random() > 0.1) return;
      await physician.change("POST", `${path}/cancel`, final, {
        reason: "Intolérance signalée par la patiente.",
      });
    },
  );
}

/** Whom the nurse and the practitioner care for: they see these files, and no others. */
export async function addCareTeams(
  { admin, physician, patients, random }: Practice,
): Promise<void> {
  const { data } = await admin.get("/v1/staff?limit=100");
  const carers = data.filter(({ role }: Json) =>
    role === "nurse" || role === "practitioner"
  );
  await eachOf(patients.slice(0, 30), CONCURRENCY, async ({ id }) => {
    await physician.post(`/v1/patients/${id}/care-team`, {
      staffId: pick<Json>(random, carers).id,
      reason: "Suivi des soins.",
    });
  });
}
