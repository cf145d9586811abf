/** A page built by each bundler runs in Chromium, from a folder that has nothing else. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Page } from "../../mandelbrot/devtools.js";
import { runNode } from "../../support/process.js";
import { cleanEnvironment, installTools, packagesOf } from "../../support/tools.js";

const source = fileURLToPath(new URL("../../../bundlers/pages/project", import.meta.url));
const library = fileURLToPath(new URL("../../../../packages/interpreters", import.meta.url));

const chromium = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) =>
    (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, name)),
  )
  .find((file) => existsSync(file));
// The same as for programs, which has these and others.
const tools = await installTools(
  await packagesOf(fileURLToPath(new URL("../../../bundlers/project", import.meta.url))),
);
const skip = tools.skip === false ? chromium === undefined && "chromium is not installed" : tools.skip;

describe("a bundled page", { skip, timeout: 300_000 }, () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "interpreters-pages-"));
    const project = path.join(folder, "project");
    await symlink(tools.modules!, path.join(folder, "node_modules"), "junction");
    await cp(source, project, { recursive: true });
    for (const part of ["package.json", "dist/src"])
      await cp(path.join(library, part), path.join(project, "node_modules/interpreters", part), {
        recursive: true,
      });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const bundler of ["vite", "webpack"]) {
    test(bundler, async () => {
      const output = path.join(folder, bundler);
      const args = ["build.js", bundler, output];
      const { code, stderr } = await runNode(args, {
        cwd: path.join(folder, "project"),
        env: cleanEnvironment,
      });
      assert.equal(code, 0, stderr);
      const server = createServer((request, response) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        const file = path.join(output, pathname === "/" ? "index.html" : pathname);
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
        response.setHeader("Content-Type", file.endsWith(".html") ? "text/html" : "text/javascript");
        readFile(file).then(
          (content) => response.end(content),
          () => response.writeHead(404).end(),
        );
      });
      await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
      const { port } = server.address() as AddressInfo;
      const page = await Page.open(chromium!, `http://localhost:${port}/`, 400, 300);
      try {
        assert.equal(await page.evaluate("globalThis.outcome"), "2,4,6 12 42");
      } finally {
        await page.close();
        server.closeAllConnections();
        server.close();
      }
    });
  }
});
