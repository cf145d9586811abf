/** Links between the Markdown pages of the repository lead to files and headings that exist. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { anchorsOf, deadLinks, linksOf, pages } from "./links.js";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));

test("no page has a dead link", () => {
  const all = pages(root);
  assert.ok(all.includes("README.md") && all.includes("packages/interpreters/README.md"));
  const dead = all.flatMap((page) => deadLinks(path.join(root, page)));
  assert.deepEqual(dead, []);
});

test("links and anchors are found as GitHub finds them", () => {
  const text =
    "# `a.b()`, or c\n[x](./y.md#z) ![p](<p>) `[code](no)`\n```\n# [no](no)\n```\n## Twice\n## Twice\n";
  assert.deepEqual(
    linksOf(text).map(({ target }) => target),
    ["./y.md#z", "<p>"],
  );
  assert.deepEqual([...anchorsOf(text)], ["ab-or-c", "twice", "twice-1"]);
});

test("a dead link is named with its line", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-links-"));
  try {
    const page = path.join(folder, "a.md");
    writeFileSync(page, "# A\n[file](b.md)\n[own](#a) [none](#b)\n[site](https://example.com/x)\n");
    assert.deepEqual(deadLinks(page), [`${page}:2: b.md: no such file`, `${page}:3: #b: no such heading`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
