/**
 * Running pages in real browsers: a server with the headers that isolate a page, and browsers without a window, each with a profile of its own. A page
 * reports by itself, with requests to the server, so that no protocol of any browser is needed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface Browser {
  readonly name: "chromium" | "firefox";
  readonly file: string;
}

const CANDIDATES: readonly (readonly [Browser["name"], readonly string[]])[] = [
  ["chromium", ["chromium", "chromium-browser", "google-chrome"]],
  ["firefox", ["firefox-esr", "firefox"]],
];

function find(names: readonly string[]): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (existsSync(file)) return file;
    }
  }
  return undefined;
}

/** The browser of that name, if it is installed. */
export function browser(name: Browser["name"]): Browser | undefined {
  const [, names] = CANDIDATES.find(([each]) => each === name)!;
  const file = find(names);
  return file === undefined ? undefined : { name, file };
}

const ISOLATION: Record<string, string> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES: Record<string, string> = {
  ".cjs": "text/javascript",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};

/** What a page is made of, and how it is served. */
export interface Site {
  /** Texts by path. */
  readonly pages?: Readonly<Record<string, string>>;
  /** Folders by the path that they appear at. */
  readonly folders?: Readonly<Record<string, URL>>;
  /** Makes what is at no path of these. */
  readonly answer?: (pathname: string, search: string) => string | undefined;
  /** Headers, beside those that isolate the page; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The path and the query of the page that is opened; `/` if left out. */
  readonly start?: string;
  /** Called with each report as it comes. */
  readonly onReport?: (report: Report) => void;
  /** Flags for Chromium. */
  readonly options?: readonly string[];
  /** Preferences for Firefox. */
  readonly preferences?: Readonly<Record<string, unknown>>;
}

export interface Report {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
  readonly figures?: Readonly<Record<string, number>>;
  /** The output of a file of the suite (scripts/pages.mjs). */
  readonly lines?: readonly string[];
}

/** Serves a site, and collects what its pages report. */
export class Server {
  readonly reports: Report[] = [];
  readonly #server;
  #done: () => void = () => {};
  readonly done = new Promise<void>((resolve) => (this.#done = resolve));

  constructor(readonly site: Site) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/report") {
      let text = "";
      for await (const part of request) text += String(part);
      const report = JSON.parse(text) as Report | { readonly done: true };
      response.end();
      if ("done" in report) this.#done();
      else {
        this.reports.push(report);
        this.site.onReport?.(report);
      }
      return;
    }
    const found =
      this.site.pages?.[pathname] ?? (await this.#file(pathname)) ?? this.site.answer?.(pathname, search);
    const headers = { ...ISOLATION, ...this.site.headers };
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) response.setHeader(name, value);
    response.setHeader("Content-Type", TYPES[path.extname(pathname)] ?? "text/html");
    response.statusCode = found === undefined ? 404 : 200;
    response.end(found);
  }

  async #file(pathname: string): Promise<Buffer | undefined> {
    for (const [at, folder] of Object.entries(this.site.folders ?? {})) {
      if (!pathname.startsWith(at)) continue;
      try {
        const found = await readFile(new URL(pathname.slice(at.length), folder));
        // As any development server does: workers have no import maps.
        return /\/(?:tasks|own-worker)\.js$/.test(pathname)
          ? Buffer.from(found.toString().replaceAll('"interpreters"', '"/interpreters/browser.mjs"'))
          : found;
      } catch {
        return undefined;
      }
    }
    return undefined;
  }
}

/** A running browser. */
export class Running {
  readonly #child: ChildProcess;
  readonly #profile: string;

  constructor(
    { name, file }: Browser,
    url: string,
    { options = [], preferences = {} }: Pick<Site, "options" | "preferences"> = {},
  ) {
    const profile = mkdtempSync(path.join(os.tmpdir(), `interpreters-${name}-`));
    this.#profile = profile;
    const args =
      name === "chromium"
        ? [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            `--user-data-dir=${profile}`,
            ...options,
            url,
          ]
        : ["--headless", "--no-remote", "--profile", profile, url];
    if (name === "firefox") {
      const settings = {
        "browser.shell.checkDefaultBrowser": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "toolkit.telemetry.enabled": false,
        "app.update.enabled": false,
        "browser.aboutwelcome.enabled": false,
        ...preferences,
      };
      const lines = Object.entries(settings).map(
        ([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`,
      );
      writeFileSync(path.join(profile, "user.js"), lines.join(""));
    }
    this.#child = spawn(file, args, {
      stdio: process.env["BROWSER_OUTPUT"] === undefined ? "ignore" : "inherit",
      detached: true,
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    try {
      // With its helpers, which are in its group.
      process.kill(-this.#child.pid!, "SIGKILL");
    } catch {
      // It has ended.
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const here = new URL(".", import.meta.url);

/** The folders that every page needs: the package as it is built, and the pages of these tests. */
export const FOLDERS = {
  "/interpreters/": new URL("../../src/", here),
  "/pages/": new URL("pages/", here),
};

/** A page that runs one module of the folder of pages. */
export const pageOf = (module: string): string => `<!doctype html>
<meta charset="utf-8">
<title>${module}</title>
<script>
const told = (detail) => fetch("/report", { method: "POST", body: JSON.stringify({ name: "an error that nothing caught", ok: false, detail }) });
addEventListener("error", ({ message, filename, lineno, error }) => told(message + " " + filename + ":" + lineno + " " + error?.stack));
addEventListener("unhandledrejection", ({ reason }) => told(String(reason?.stack ?? reason)));
</script>
<script type="importmap">{ "imports": { "interpreters": "/interpreters/browser.mjs" } }</script>
<script type="module" src="/pages/${module}"></script>`;

/** Opens a page, and returns what it has reported when it says that it is done, or has said nothing for `patience` milliseconds. */
export async function visit(browser: Browser, site: Site, patience = 30_000): Promise<Report[]> {
  const server = new Server(site);
  const origin = await server.listen();
  const running = new Running(browser, `${origin}${site.start ?? "/"}`, site);
  try {
    let heard = -1;
    for (;;) {
      const late = new Promise<"late">((resolve) => setTimeout(resolve, patience, "late"));
      if ((await Promise.race([server.done, late])) !== "late") break;
      if (heard === server.reports.length) {
        server.reports.push({ name: "the page says nothing more", ok: false });
        break;
      }
      heard = server.reports.length;
    }
    return server.reports;
  } finally {
    await running.close();
    server.close();
  }
}

export const packageFile = (name: string): string => fileURLToPath(new URL(`../../src/${name}`, here));
