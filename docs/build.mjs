/**
 * `npm run docs`: makes the site of the guides and the reference (TypeDoc) in `site/`, which Git ignores, and fails if a link in it
 * leads nowhere. TypeDoc's warnings are errors: a reference to a name that is not public, a link in a comment that is not resolved.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Application, TSConfigReader, TypeDocReader } from "typedoc";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const app = await Application.bootstrapWithPlugins({}, [new TypeDocReader(), new TSConfigReader()]);
const project = await app.convert();
if (project !== undefined) app.validate(project);
if (project === undefined || app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
await app.generateOutputs(project);

const site = app.options.getValue("out");
const pages = readdirSync(site, { recursive: true }).filter((name) => /\.(?:html|svg)$/.test(name));
const text = new Map(
  pages.map((name) => [path.join(site, name), readFileSync(path.join(site, name), "utf8")]),
);
const anchors = new Map(
  [...text].map(([file, html]) => [
    file,
    new Set([...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])),
  ]),
);
const dead = [...text].flatMap(([file, html]) =>
  [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].flatMap(([, target]) => {
    if (/^(?:https?|data|mailto):/.test(target)) return [];
    const [name, anchor] = target.split("#");
    const resolved = name === "" ? file : path.resolve(path.dirname(file), decodeURIComponent(name));
    const full = name.endsWith("/") ? path.join(resolved, "index.html") : resolved;
    const found =
      anchor === undefined || anchor === "" || (anchors.get(full)?.has(decodeURIComponent(anchor)) ?? false);
    return existsSync(full) && found ? [] : [`${path.relative(site, file)}: ${target}`];
  }),
);
if (dead.length > 0) {
  console.error(`${dead.length} links lead nowhere:\n${[...new Set(dead)].join("\n")}`);
  process.exit(1);
}
console.log(`${pages.length} pages in ${site}: open ${path.join(site, "index.html")}`);
