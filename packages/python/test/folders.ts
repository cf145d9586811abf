/** Folders for the tests of this package. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

/** Keeps the image between runs of the tests, so that most of them need not wait for a boot from nothing. */
export const CACHE = fileURLToPath(
  new URL("../../../../node_modules/.cache/interpreters-python-tests", import.meta.url),
);

/** A new folder, which is removed after the tests. */
export function newFolder(): string {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), "interpreters-python-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
