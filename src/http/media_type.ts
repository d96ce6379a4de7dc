/** What a Content-Type says. */
export interface MediaType {
  /** In lower case, without parameters. */
  readonly type: string;
  /** In lower case. */
  readonly charsets: readonly string[];
}

const TYPE = /^[ \t]*([!#$%&'*+.^`|~\w-]+\/[!#$%&'*+.^`|~\w-]+)/;
const PARAMETER =
  /[ \t]*;[ \t]*(?:([!#$%&'*+.^`|~\w-]+)=([!#$%&'*+.^`|~\w-]+|"(?:[^"\\]|\\.)*"))?/y;

/** Reads a media type (RFC 9110 section 8.3.1); `undefined` for what is none. */
export function parseMediaType(header: string): MediaType | undefined {
  const type = TYPE.exec(header);
  if (!type) return undefined;
  const charsets: string[] = [];
  let at = type[0].length;
  for (;;) {
    PARAMETER.lastIndex = at;
    const parameter = PARAMETER.exec(header);
    if (!parameter) break;
    at = PARAMETER.lastIndex;
    const [, name = "", value = ""] = parameter;
    if (name.toLowerCase() === "charset") {
      const text = value.startsWith('"')
        ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1")
        : value;
      charsets.push(text.toLowerCase());
    }
  }
  if (header.slice(at).trim() !== "") return undefined;
  return { type: type[1]!.toLowerCase(), charsets };
}
