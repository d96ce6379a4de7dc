import { Argument, type Command } from "commander";
import { type Node, nodesOf } from "./completion_nodes.ts";
import { examples } from "./help.ts";
import { say } from "./terminal.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

type Shell = typeof SHELLS[number];

const HELP = examples(
  "source <(scripts/cloison completion bash)",
  'scripts/cloison completion zsh > "${fpath[1]}/_cloison"',
  "scripts/cloison completion fish > ~/.config/fish/completions/cloison.fish",
);

/** `cloison completion`: a script that knows every command, option and choice that there is. */
export function addCompletionCommand(program: Command): void {
  program.command("completion")
    .description("Print a script with which a shell completes these commands")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .addHelpText("after", HELP)
    .action((shell: Shell) => say(SCRIPTS[shell](nodesOf(program)).trimEnd()));
}

const SCRIPTS: Readonly<Record<Shell, (nodes: readonly Node[]) => string>> = {
  bash: bashScript,
  zsh: (nodes) =>
    `#compdef cloison\nautoload -U +X bashcompinit && bashcompinit\n${
      bashScript(nodes)
    }`,
  fish: fishScript,
};

/** Walks the line: commands lead on, what an option takes is passed over. */
function bashScript(nodes: readonly Node[]): string {
  const steps = nodes.flatMap(({ words, commands }) =>
    commands.map(({ name }) => `"${words.join(" ")}|${name}"`)
  );
  const valued = nodes.flatMap(({ words, options }) =>
    options.filter(({ takesValue }) => takesValue)
      .map((option) => ({
        ...option,
        at: `"${words.join(" ")}|${option.long}"`,
      }))
  );
  const choices = valued.filter(({ choices }) => choices.length > 0)
    .map(({ at, choices }) => `      ${at}) next="${choices.join(" ")}" ;;`);
  const offers = nodes.map(({ words, commands, choices, options }) => {
    const next = [
      ...commands.map(({ name }) => name),
      ...choices,
      ...options.map(({ long }) => long),
    ];
    return `      "${words.join(" ")}") next="${next.join(" ")}" ;;`;
  });
  return `_cloison() {
  local i word path="" value="" next="" current="\${COMP_WORDS[COMP_CWORD]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n "$value" ]]; then
      [[ "$word" == "=" ]] || value=""
      continue
    fi
    case "$path|$word" in
      ${steps.join("|")}) path="\${path:+$path }$word" ;;
      ${valued.map(({ at }) => at).join("|")}) value="$word" ;;
    esac
  done
  [[ "$current" == "=" ]] && current=""
  if [[ -n "$value" ]]; then
    case "$path|$value" in
${choices.join("\n")}
    esac
  else
    case "$path" in
${offers.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}
complete -o default -F _cloison cloison
`;
}

function fishScript(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ words, commands, choices, options }) => {
    const names = commands.map(({ name }) => name).join(" ");
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = words.length === 0 ? ["__fish_use_subcommand"] : seen;
    const none = words.length === 0 || names === ""
      ? []
      : [`not __fish_seen_subcommand_from ${names}`];
    const condition = [...here, ...none].join("; and ");
    const line = (rest: string, description = "") =>
      `complete -c cloison -n '${condition}' ${rest}${
        description && ` -d ${quote(description)}`
      }`;
    return [
      ...commands.map(({ name, description }) =>
        line(`-f -a ${name}`, description)
      ),
      ...choices.map((choice) => line(`-f -a ${choice}`)),
      ...options.map(({ long, takesValue, choices, description }) =>
        line(
          `-l ${long.slice(2)}${takesValue ? " -r" : ""}${
            choices.length > 0 ? ` -f -a '${choices.join(" ")}'` : ""
          }`,
          description,
        )
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

/** Of fish: only these two mean something between single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (c) => `\\${c}`)}'`;
}
