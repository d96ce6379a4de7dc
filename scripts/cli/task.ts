/** What to type to run a task of this project: through npx where Deno itself came from npm. */
export function task(name: string): string {
  const fromNpm = Deno.execPath().includes("/node_modules/");
  const deno = fromNpm ? `npx -y deno@${Deno.version.deno}` : "deno";
  return `${deno} task ${name}`;
}
