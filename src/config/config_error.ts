/** What is wrong with the environment, one line a variable; never a value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot read configuration: ${problems.join("; ")}`);
    this.problems = problems;
  }
}
