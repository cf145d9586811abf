/**
 * Runs before npm packs a package, in the package's folder: brings the files there that the repository has once, at its root.
 * Git ignores the copies.
 */
import { copyFileSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
if (!existsSync("dist/src"))
  throw new Error("Nothing is built that could be packed. Run `npm run build` first.");
for (const file of ["LICENSE", "CHANGELOG.md"]) copyFileSync(`${root}/${file}`, file);
