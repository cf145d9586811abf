/**
 * Runs before npm packs a package, in the package's folder: brings the files there that the repository has once, at its root (Git ignores
 * the copies), and leaves out the declarations that no user can reach.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
// Packages that compile sources of other folders, too, have theirs in a folder of their name.
const dist = ["dist/src", "dist"].find((folder) => existsSync(folder));
if (dist === undefined) throw new Error("Nothing is built that could be packed. Run `npm run build` first.");
for (const file of ["LICENSE", "CHANGELOG.md"]) copyFileSync(path.join(root, file), file);

/** The files that a declaration names, in comments, too, which does no harm. */
const IMPORT = /\b(?:from|import|require\()\s*\(?\s*"(\.[^"]+)"/g;
const reached = new Set();
function reach(file) {
  if (reached.has(file) || !existsSync(file)) return;
  reached.add(file);
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(IMPORT)) {
    const target = path.join(path.dirname(file), specifier);
    reach(target.replace(/\.([cm]?)js$/, ".d.$1ts"));
    if (!path.extname(specifier)) reach(`${target}.d.ts`);
  }
}

function* typesIn(exports) {
  for (const [key, value] of Object.entries(exports ?? {})) {
    if (typeof value === "object") yield* typesIn(value);
    else if (key === "types") yield path.normalize(value);
  }
}
for (const entry of typesIn(JSON.parse(readFileSync("package.json", "utf8")).exports)) reach(entry);

// In a folder below the package's own, this takes precedence over the list of `files`.
const hidden = readdirSync(dist, { recursive: true })
  .filter((name) => /\.d\.[cm]?ts$/.test(name) && !reached.has(path.join(dist, name)))
  .map((name) => `/${name.replaceAll(path.sep, "/")}`);
writeFileSync(path.join(dist, ".npmignore"), `${hidden.join("\n")}\n`);
