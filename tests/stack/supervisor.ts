/** Opens a stack and waits: for the test that kills who started the servers. */
import { openStack } from "../../scripts/stack/cluster.ts";

const stack = await openStack({
  dir: Deno.env.get("STACK_DIR")!,
  ports: JSON.parse(Deno.env.get("STACK_PORTS")!),
  fast: true,
});
await Deno.stdout.write(
  new TextEncoder().encode(JSON.stringify(stack.pids) + "\n"),
);
await new Promise((resolve) => setTimeout(resolve, 60_000));
await stack.stop();
