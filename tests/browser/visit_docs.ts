import { type BrowserContext, chromium, type Page } from "playwright-core";
import type { Visit, VisitReport } from "./visit.ts";

// Runs as a program of its own: the browser's driver asks for more than the tests may do.

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const visit: Visit = JSON.parse(await new Response(Deno.stdin.readable).text());
const context = await chromium.launchPersistentContext(visit.profile, {
  executablePath: visit.browser,
  headless: true,
  args: FLAGS,
  viewport: { width: 1400, height: 900 },
});
// A busy machine takes its time to show a page of 5 MB.
context.setDefaultTimeout(90_000);
try {
  const report = await look(context);
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
} finally {
  await context.close();
}

async function look(context: BrowserContext): Promise<VisitReport> {
  const errors: string[] = [];
  const violations: string[] = [];
  const requests: string[] = [];
  // Whatever goes to another host is counted here, and goes nowhere.
  await context.route("**/*", async (route) => {
    const url = route.request().url();
    requests.push(url);
    if (url.startsWith(`${visit.url}/`)) await route.continue();
    else await route.abort();
  });
  await context.exposeFunction("reportViolation", (text: string) => {
    violations.push(text);
  });
  await context.addInitScript({
    content: `document.addEventListener("securitypolicyviolation", (event) =>
      reportViolation(event.effectiveDirective + " " + event.blockedURI))`,
  });
  const page = context.pages()[0] ?? await context.newPage();
  page.on("console", (message) => {
    if (/error|warning/.test(message.type())) errors.push(message.text());
  });
  page.on("pageerror", ({ message }) => errors.push(message));

  await page.goto(`${visit.url}/docs`);
  const summaries = await readSummaries(page);
  await page.screenshot({ path: `${visit.pictures}/docs.png` });
  const login = await tryLogin(page);
  const patient = await tryPatient(page, login.token);
  return { summaries, requests, errors, violations, login, patient };
}

async function readSummaries(page: Page): Promise<string[]> {
  const sidebar = page.locator("aside").first();
  for (const tag of visit.tags) {
    const group = sidebar.getByRole("button", { name: `Open Group - ${tag}` });
    // The first group is open already.
    if (await group.count() > 0) await group.click();
    await sidebar.getByText(`Close Group - ${tag}`).waitFor({
      state: "attached",
    });
  }
  return await sidebar.getByRole("link").allInnerTexts();
}

/** Logs in with "Test Request", as a reader would. */
async function tryLogin(page: Page): Promise<VisitReport["login"]> {
  const dialog = await openClient(page, visit.login.summary, "post");
  await dialog.locator(".cm-content").last().click();
  await replaceText(page, JSON.stringify(visit.login.body));
  const { status, text } = await sendFrom(page);
  await dialog.getByText("accessToken").waitFor();
  await page.screenshot({ path: `${visit.pictures}/docs-login.png` });
  await dialog.getByRole("button", { name: "Close Client" }).click();
  return { status, token: JSON.parse(text).accessToken };
}

/** Reads a patient with the token put where the page asks for it. */
async function tryPatient(
  page: Page,
  token: string,
): Promise<VisitReport["patient"]> {
  await page.getByText("Introduction", { exact: true }).first().click();
  const field = page.getByPlaceholder("Token").first();
  await field.click();
  await field.fill(token);
  const dialog = await openClient(page, visit.patient.summary, "get");
  await dialog.getByText(visit.patient.exampleId).first().click();
  await replaceText(page, visit.patient.id);
  const { status, text } = await sendFrom(page);
  await dialog.getByText(visit.patient.name).first().waitFor();
  await page.screenshot({ path: `${visit.pictures}/docs-patient.png` });
  return { status, body: JSON.parse(text) };
}

async function openClient(page: Page, summary: string, method: string) {
  await page.locator("aside").first()
    .getByText(summary, { exact: true }).first().click();
  const section = page.locator("section").filter({
    has: page.getByRole("heading", { name: summary, exact: true }),
  }).last();
  await section.getByRole("button", { name: `Test Request (${method} ` })
    .first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Close Client" }).waitFor();
  return dialog;
}

/** Emptied first: what replaces a selection gets its style as an attribute, by the browser itself. */
async function replaceText(page: Page, text: string): Promise<void> {
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

async function sendFrom(
  page: Page,
): Promise<{ status: number; text: string }> {
  const [response] = await Promise.all([
    page.waitForResponse((each) => each.url().includes("/v1/")),
    page.getByRole("dialog").getByRole("button", { name: /^Send \w+ request/ })
      .click(),
  ]);
  return { status: response.status(), text: await response.text() };
}
