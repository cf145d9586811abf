/**
 * The package in real browsers: each page of pages/ runs there and reports its checks. A browser that is not installed is skipped. (Debian: `apt-get
 * install chromium firefox-esr`.)
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { browser, type Browser, FOLDERS, packageFile, pageOf, type Site, visit } from "./browsers.js";

/** Visits a page, and makes a test of each of its checks. */
async function run(
  t: { test: typeof test },
  found: Browser,
  module: string,
  site: Partial<Site> = {},
): Promise<void> {
  const reports = await visit(found, { pages: { "/": pageOf(module) }, folders: FOLDERS, ...site });
  assert.ok(reports.length > 0, "the page has reported nothing");
  for (const { name, ok, detail } of reports) await t.test(name, () => assert.ok(ok, detail ?? name));
}

for (const name of ["chromium", "firefox"] as const) {
  const found = browser(name);
  const skip = found === undefined ? `${name} is not installed` : false;

  test(`the contract in ${name}`, { skip }, (t) => run(t, found!, "contract.js"));

  test(`ends of interpreters in ${name}`, { skip }, (t) => run(t, found!, "deaths.js"));

  test(`a page that is loaded again while its interpreters compute, in ${name}`, { skip }, (t) =>
    run(t, found!, "reload.js"),
  );

  test(`a worker that the package did not start, in ${name}`, { skip }, (t) => run(t, found!, "owner.js"));

  test(`a page that is not isolated, in ${name}`, { skip }, (t) =>
    run(t, found!, "bare.js", {
      headers: { "Cross-Origin-Opener-Policy": undefined, "Cross-Origin-Embedder-Policy": undefined },
    }),
  );

  test(`a page whose policy forbids code from text, in ${name}`, { skip }, (t) =>
    run(t, found!, "policy.js", {
      headers: { "Content-Security-Policy": "script-src 'self' 'unsafe-inline'; worker-src 'self'" },
    }),
  );

  test(`a bundle of one file, without the scripts of workers beside it, in ${name}`, { skip }, async (t) => {
    const { outputFiles } = await build({
      entryPoints: [new URL("pages/small.js", import.meta.url).pathname],
      bundle: true,
      format: "esm",
      write: false,
      platform: "browser",
      alias: { interpreters: packageFile("browser.mjs") },
    });
    await run(t, found!, "", {
      pages: {
        "/": pageOf("").replace('src="/pages/"', 'src="/bundle/small.js"'),
        "/bundle/small.js": outputFiles[0].text,
      },
    });
  });
}

test("what a page and its workers load is small", () => {
  const size = (file: string): number => gzipSync(readFileSync(packageFile(file)), { level: 9 }).length;
  const limits = { "browser.mjs": 90_000, "browser-interpreter.js": 70_000, "browser-supervisor.js": 40_000 };
  for (const [file, limit] of Object.entries(limits))
    assert.ok(size(file) <= limit, `${file} is ${size(file)} bytes, compressed; it may have ${limit}`);
});
