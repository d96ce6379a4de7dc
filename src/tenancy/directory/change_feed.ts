import type { ConnectionTarget } from "../../db/driver.ts";
import { Listener } from "../../db/listener.ts";
import { type Sql, sql } from "../../db/sql.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/log.ts";
import type { ClinicDirectory } from "./clinic_directory.ts";
import type { StaffStates } from "../staff_states.ts";

const CHANNEL = "clinic_changed";
/** Before a clinic's id: its entry in the registry is the same, who may do what in it is not. */
const STAFF = "staff:";

/** What this process remembers, and changes elsewhere make untrue. */
export interface Followers {
  readonly directory: ClinicDirectory;
  readonly staff: StaffStates;
}

/**
 * Keeps what a process remembers true: changes of clinics, announced by triggers of the central database, and of their
 * staff and sessions, announced by the process that made them. One channel, so one connection.
 */
export function followChanges(
  target: ConnectionTarget,
  { directory, staff }: Followers,
  log: Logger,
): Listener {
  return new Listener(target, CHANNEL, {
    onConnected: () => {
      log.info("changes.connected");
      directory.startHearing();
      staff.startHearing();
    },
    onNotification: (payload) => {
      if (payload.startsWith(STAFF)) staff.drop(payload.slice(STAFF.length));
      else directory.drop(payload);
    },
    onDisconnected: (error) => {
      log.error("changes.disconnected", error);
      directory.stopHearing();
      staff.stopHearing();
    },
  });
}

/** Tells all processes that staff or sessions of a clinic changed. To be run on the central database, by any role. */
export function staffChanged(id: ClinicId): Sql {
  return sql`select pg_notify(${CHANNEL}, ${STAFF + id})`;
}
