import { OpenAPIHono } from "@hono/zod-openapi";
import { accountLinkRoutes, accountRoutes } from "./clinic/accounts/routes.ts";
import { appointmentGroups } from "./clinic/appointments/group_routes.ts";
import { audit } from "./clinic/audit/routes.ts";
import { appointments } from "./clinic/appointments/routes.ts";
import { appointmentTypes } from "./clinic/appointment_types/routes.ts";
import { account, authRoutes } from "./clinic/auth/routes.ts";
import { reauthentication } from "./clinic/auth/second_factor/reauthenticate.ts";
import { secondFactorRoutes } from "./clinic/auth/second_factor/routes.ts";
import { catalogue } from "./clinic/catalogue/routes.ts";
import { accounting } from "./clinic/documents/accounting/routes.ts";
import { creditNotes } from "./clinic/documents/credit_notes/routes.ts";
import { invoices } from "./clinic/documents/invoices/routes.ts";
import { payments } from "./clinic/documents/payments/routes.ts";
import { erasures } from "./clinic/privacy/erasure/routes.ts";
import { placed } from "./clinic/privacy/placed/routes.ts";
import { quotes } from "./clinic/documents/quotes/routes.ts";
import { prints } from "./clinic/documents/rendering/routes.ts";
import { patientMerging } from "./clinic/patients/merging/routes.ts";
import { careTeam } from "./clinic/care_team/routes.ts";
import { consentLinkRoutes } from "./clinic/consents/links/routes.ts";
import { consentRoutes } from "./clinic/consents/routes.ts";
import { medicalSummaries } from "./clinic/patients/medical_summary/routes.ts";
import { patientTimeline } from "./clinic/patients/timeline/routes.ts";
import { patients } from "./clinic/patients/routes.ts";
import { availability } from "./clinic/practitioners/availability/routes.ts";
import { breachQueries } from "./clinic/privacy/breaches/routes.ts";
import { practitioners } from "./clinic/practitioners/routes.ts";
import { slots } from "./clinic/practitioners/slots/routes.ts";
import { exportLinkRoutes } from "./clinic/privacy/exports/links/routes.ts";
import type { ExportMaker } from "./clinic/privacy/exports/making/maker.ts";
import { exportRoutes } from "./clinic/privacy/exports/routes.ts";
import { resources } from "./clinic/resources/routes.ts";
import { prescriptions } from "./clinic/prescriptions/routes.ts";
import { records } from "./clinic/records/routes.ts";
import { sessions } from "./clinic/sessions/routes.ts";
import { closedDays } from "./clinic/settings/closed_days/routes.ts";
import { settings } from "./clinic/settings/routes.ts";
import { staffRoutes } from "./clinic/staff/routes.ts";
import type { ReadTrail } from "./audit/read_trail.ts";
import type { ClinicTrail } from "./audit/trail_reader.ts";
import type { RefusalTrail } from "./audit/refusal_trail.ts";
import type { PasswordHasher } from "./crypto/passwords.ts";
import type { AccessTokens } from "./http/access_tokens.ts";
import type { ClientAddresses } from "./http/edge/client_address.ts";
import { deadline, type TimeLimits } from "./http/limits/deadline.ts";
import { documentRoutes } from "./http/document/docs.ts";
import { LINKSET, wellKnownRoutes } from "./http/document/well_known.ts";
import { keyRoutes } from "./http/document/jwks.ts";
import type { PublicEnv } from "./http/env.ts";
import { failures } from "./http/failures.ts";
import { clinicGuard } from "./http/guard.ts";
import { mountGuarded, routesOf } from "./http/mount.ts";
import { type Health, healthRoutes } from "./http/edge/health.ts";
import { admission } from "./http/edge/admission.ts";
import { edge } from "./http/edge/edge.ts";
import { methodRouter } from "./http/edge/method_router.ts";
import { KnownMethods } from "./http/edge/methods.ts";
import {
  type OpenApiDocument,
  openApiDocument,
} from "./http/document/openapi.ts";
import type { RateLimits } from "./http/limits/rate_limits.ts";
import { noteRefusal } from "./http/refusals.ts";
import type { Metrics } from "./http/edge/metrics.ts";
import type { Clock } from "./kernel/clock.ts";
import type { NewId } from "./kernel/ids.ts";
import type { Logger } from "./kernel/log.ts";
import type { Letters } from "./mail/letters.ts";
import { platformApi } from "./platform/api.ts";
import type { PlatformDependencies } from "./platform/dependencies.ts";
import type { ClinicGate } from "./tenancy/clinic_gate.ts";
import type { ClinicDirectory } from "./tenancy/directory/clinic_directory.ts";
import type { OutboxRelays } from "./tenancy/outbox_relays.ts";
import type { ClinicPools } from "./tenancy/pools/clinic_pools.ts";
import type { StaffStates } from "./tenancy/staff_states.ts";

export interface AppDependencies {
  readonly directory: ClinicDirectory;
  readonly pools: ClinicPools;
  readonly trail: ReadTrail;
  readonly relays: OutboxRelays;
  readonly trailOf: (clinicId: string) => ClinicTrail;
  readonly refusals: RefusalTrail;
  readonly staff: StaffStates;
  readonly gate: ClinicGate;
  readonly exports: ExportMaker;
  readonly tokens: AccessTokens;
  readonly hasher: PasswordHasher;
  readonly letters: Letters;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly publicUrl: string;
  /** URL of who hears of weaknesses. */
  readonly securityContact: string | undefined;
  readonly limits: RateLimits;
  readonly time: TimeLimits;
  /** Origins that a browser may call from. */
  readonly corsOrigins: readonly string[];
  readonly addresses: ClientAddresses;
  /** Null where the platform is not served: its routes are then not there. */
  readonly platform: PlatformDependencies | null;
}

export const API_VERSION = "0.1.0";

const JSON_TYPES = ["application/json", "application/problem+json"];
const V1_TYPES = [
  ...JSON_TYPES,
  "application/pdf",
  "application/x-ndjson",
  "application/zip",
];
const PAGE_TYPES = ["text/html", "text/javascript", "text/plain"];
const ANSWERS = [
  { path: "/v1/", types: V1_TYPES },
  { path: "/", types: [...V1_TYPES, ...PAGE_TYPES, LINKSET] },
];

/** The whole API as one function from request to response. Opens nothing; everything that it uses is handed in. */
export function createApp(
  dependencies: AppDependencies,
): OpenAPIHono<PublicEnv> {
  const { log, health } = dependencies;
  const api = mountApi(dependencies);
  const documents = documentRoutes(() =>
    openApiDocument(api as unknown as OpenAPIHono, {
      version: API_VERSION,
      serverUrl: dependencies.publicUrl,
    })
  );
  const probes = healthRoutes(health);
  const keys = keyRoutes(
    dependencies.directory,
    dependencies.platform?.keys,
  );
  const known = wellKnownRoutes(dependencies);
  const parts = [api, documents, keys, known, probes];
  const methods = new KnownMethods(parts.flatMap((part) => routesOf(part)));

  const app = new OpenAPIHono<PublicEnv>({ router: methodRouter() });
  // From the outside in: what stands further out sees the answers of everything below, problems included.
  app.use(edge(dependencies));
  app.use(deadline(dependencies.time));
  app.use(admission({ methods, answers: ANSWERS }));
  app.route("/", api);
  app.route("/", documents);
  app.route("/", keys);
  app.route("/", known);
  app.route("/", probes);
  const { refusals } = dependencies;
  app.onError(
    failures(log, (c, failure) => noteRefusal(refusals, c, failure)),
  );
  app.notFound((c) => methods.answer(c));
  return app;
}

/** The document of the API, without anything to serve it with. Nothing is opened, and nothing could be answered. */
export function describeApi(serverUrl: string): OpenApiDocument {
  const api = mountApi({} as AppDependencies);
  return openApiDocument(api as unknown as OpenAPIHono, {
    version: API_VERSION,
    serverUrl,
  });
}

/** Everything under `/v1`. */
function mountApi(dependencies: AppDependencies): OpenAPIHono<PublicEnv> {
  const { pools, trail, relays, trailOf, staff, tokens, limits } = dependencies;
  const { hasher, letters, clock, gate, exports: maker } = dependencies;
  const guard = clinicGuard({
    tokens,
    pools,
    trail,
    relays,
    trailOf,
    staff,
    limits,
    onServed: (clinic) => maker.served(clinic),
  });
  const reauthenticate = reauthentication({ hasher, limits, clock });
  const api = new OpenAPIHono<PublicEnv>();
  api.route("/v1", authRoutes({ gate, hasher, tokens, limits, clock }));
  api.route("/v1", accountLinkRoutes({ gate, hasher, letters, limits }));
  api.route("/v1", consentLinkRoutes({ gate, letters, limits }));
  api.route("/v1", exportLinkRoutes({ gate, limits }));
  const features = [
    account,
    accountRoutes({ hasher, letters, limits }),
    secondFactorRoutes({ hasher, letters, limits, clock }),
    sessions,
    staffRoutes({ letters }),
    patients,
    careTeam,
    consentRoutes({ letters }),
    records,
    prescriptions,
    catalogue,
    quotes,
    invoices,
    payments,
    accounting,
    creditNotes,
    prints,
    patientMerging,
    patientTimeline,
    medicalSummaries,
    audit,
    breachQueries({ clock }),
    exportRoutes({ maker, reauthenticate, letters }),
    erasures,
    placed,
    appointments,
    appointmentGroups,
    settings,
    practitioners,
    availability,
    slots,
    closedDays,
    appointmentTypes,
    resources,
  ];
  for (const feature of features) mountGuarded(api, "/v1", feature, guard);
  if (dependencies.platform !== null) {
    // Described even where nothing is there to serve it with.
    const platform = dependencies.platform ?? {} as PlatformDependencies;
    api.route("/v1", platformApi(platform));
  }
  return api;
}
