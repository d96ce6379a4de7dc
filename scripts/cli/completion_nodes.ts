import type { Command } from "commander";

/** A command, and what can follow its words. */
export interface Node {
  readonly words: readonly string[];
  readonly commands: readonly Named[];
  /** Of its arguments. */
  readonly choices: readonly string[];
  readonly options: readonly CompletedOption[];
}

interface Named {
  readonly name: string;
  readonly description: string;
}

interface CompletedOption {
  /** With its dashes. */
  readonly long: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly description: string;
}

/** Says what another command does; wherever there are several. */
const HELP = "help";

/** A command and all that are below it. */
export function nodesOf(
  command: Command,
  words: readonly string[] = [],
): Node[] {
  const below = command.createHelp().visibleCommands(command).map((each) => ({
    name: each.name(),
    description: each.description(),
  }));
  const node: Node = {
    words,
    commands: below,
    choices: command.registeredArguments
      .flatMap(({ argChoices = [] }) => argChoices),
    options: optionsOf(command),
  };
  const help = below.some(({ name }) => name === HELP)
    ? [{
      words: [...words, HELP],
      commands: [],
      choices: below.map(({ name }) => name),
      options: [],
    }]
    : [];
  return [
    node,
    ...help,
    ...command.commands.flatMap((each) =>
      nodesOf(each, [...words, each.name()])
    ),
  ];
}

function optionsOf(command: Command): CompletedOption[] {
  return command.createHelp().visibleOptions(command).flatMap((option) =>
    option.long === undefined ? [] : [{
      long: option.long,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
      description: option.description,
    }]
  );
}
