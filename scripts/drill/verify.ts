import { fileName, toHtml } from "./html.ts";
import { publicKeyOf, type SignedReport, verifyReport } from "./report.ts";

export interface Verification {
  readonly good: boolean;
  /** For the person who asked. */
  readonly said: readonly string[];
}

/**
 * Whether a report is what was signed, with the key that it should be, and the page beside it says the same.
 * @param key base64; that of `keyFile` unless given
 */
export async function verifyFile(
  file: string,
  { key, keyFile }: { readonly key?: string; readonly keyFile: string },
): Promise<Verification> {
  const signed = read(await Deno.readTextFile(file));
  if (!signed) return bad("This is not a report of the drill");
  if (!await verifyReport(signed).catch(() => false)) {
    return bad("The report was changed after it was signed");
  }
  const { publicKey } = signed.signature;
  const expected = key ?? await publicKeyOf(keyFile);
  if (expected === undefined) {
    return bad(
      `The report is as it was signed with ${publicKey}; whose key that is, nobody here knows: give the right one with --key`,
    );
  }
  if (expected !== publicKey) {
    return bad(
      `The report was signed with ${publicKey}, which is not the key ${expected}`,
    );
  }
  const said = [`The report is as it was signed with ${publicKey}`];
  const page = file.replace(/[^/]*$/, `${fileName(signed.report)}.html`);
  const html = await Deno.readTextFile(page).catch(() => undefined);
  if (html === undefined) return { good: true, said };
  return html === toHtml(signed)
    ? { good: true, said: [...said, `${page} says the same`] }
    : bad(`${page} does not say what the report says`);
}

function bad(text: string): Verification {
  return { good: false, said: [text] };
}

function read(text: string): SignedReport | undefined {
  try {
    const { report, signature } = JSON.parse(text);
    const whole = report?.product === "Cloison" &&
      typeof signature?.publicKey === "string" &&
      typeof signature.value === "string";
    return whole ? { report, signature } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
