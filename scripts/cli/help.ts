import type { Command, Option } from "commander";

/** What `addHelpText("after", …)` shows of commands as they are typed. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** Help as this program shows it: an option that is off unless given needs no word about it. */
export function configureHelp(program: Command): void {
  program.configureHelp({
    optionDescription(option: Option): string {
      const { description, argChoices, defaultValue, defaultValueDescription } =
        option;
      const more = [
        ...(argChoices ? [`one of ${argChoices.join(", ")}`] : []),
        ...(defaultValue === undefined || defaultValue === false ? [] : [
          `${defaultValueDescription ?? String(defaultValue)} unless given`,
        ]),
      ];
      return more.length === 0
        ? description
        : description
        ? `${description} (${more.join("; ")})`
        : more.join("; ");
    },
  });
}
