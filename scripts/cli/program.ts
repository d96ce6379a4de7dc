import { Command } from "commander";
import { addAuditCommands } from "./audit_commands.ts";
import { addBreachCommands } from "./breach_commands.ts";
import { addCellCommands } from "./cell_commands.ts";
import { addClinicCommands } from "./clinic_commands.ts";
import { addCompletionCommand } from "./completion_command.ts";
import { addErasureCommands } from "./erasure_commands.ts";
import { configureHelp } from "./help.ts";
import { addMigrateCommands } from "./migrate_commands.ts";
import { addOperationCommands } from "./operation_commands.ts";
import type { Operator } from "./operator.ts";
import { addPlatformCommands } from "./platform_user_commands.ts";
import { addRetentionCommands } from "./retention_commands.ts";
import { registerRotateCommands } from "./rotate.ts";

/**
 * Every command that there is.
 * @param operator called by a command when what was typed is right
 * @param onHelp gets the pieces of what commander would print
 */
export function openProgram(
  operator: () => Promise<Operator>,
  onHelp: (text: string) => void,
): Command {
  const program = new Command("cloison")
    .description(
      "Operate Cloison: clinics, the cells that they are in, and their schemas",
    )
    // Commander would print several lines and end the process itself.
    .configureOutput({ writeErr: onHelp, writeOut: onHelp })
    .exitOverride();
  configureHelp(program);
  addClinicCommands(program, operator);
  addOperationCommands(program, operator);
  addCellCommands(program, operator);
  addMigrateCommands(program, operator);
  registerRotateCommands(program, operator);
  addPlatformCommands(program, operator);
  addAuditCommands(program, operator);
  addBreachCommands(program, operator);
  addErasureCommands(program, operator);
  addRetentionCommands(program, operator);
  addCompletionCommand(program);
  return program;
}
