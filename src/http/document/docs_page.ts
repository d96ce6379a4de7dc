/**
 * No 'unsafe-inline' and no other host. Script runs by the nonce of this one answer; styles come from script, so an
 * attribute or an element that somebody smuggles into the document's descriptions stays dead text.
 */
export function docsPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/**
 * Scalar hands the nonce to its own style sheet and forgets those of its dependencies; it writes style attributes as
 * text, and the line count of code into HTML. All of this the policy refuses, so it is done the way that it allows:
 * by script, through the CSSOM.
 */
const STYLES_BY_SCRIPT = `const { nonce } = document.currentScript;
const { createElement } = document;
const { setAttribute } = Element.prototype;
const html = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
document.createElement = function (name, options) {
  const element = createElement.call(this, name, options);
  if (name === "style") element.nonce = nonce;
  return element;
};
Element.prototype.setAttribute = function (name, value) {
  if (name === "style" && this.style) this.style.cssText = value;
  else setAttribute.call(this, name, value);
};
Object.defineProperty(Element.prototype, "innerHTML", {
  ...html,
  set(text) {
    html.set.call(this, String(text).replaceAll(' style="--line-', ' data-lines="--line-'));
    for (const element of this.querySelectorAll("[data-lines]")) {
      element.style.cssText = element.dataset.lines;
    }
  },
});`;

/**
 * Requests go to the server that the page came from, whatever the document calls it: the policy allows no other.
 * Tokens are not kept when the page is left.
 */
const START = `Scalar.createApiReference("#docs", {
  url: "/openapi.json",
  servers: [{ url: location.origin }],
  persistAuth: false,
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
});`;

/** The page that shows the document. @param scriptPath where Scalar is */
export function docsPage(nonce: string, scriptPath: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${nonce}" nonce="${nonce}">
<link rel="icon" href="data:,">
<title>Cloison API</title>
</head>
<body>
<div id="docs"></div>
<script nonce="${nonce}">
${STYLES_BY_SCRIPT}
</script>
<script nonce="${nonce}" src="${scriptPath}"></script>
<script nonce="${nonce}">
${START}
</script>
</body>
</html>
`;
}
