/**
 * A TypeDoc plugin: the reference has the groups of `src/index.ts`, in its order. A comment of the form `---- Group: purpose ----` opens each
 * for the exports below it.
 */
import { readFileSync } from "node:fs";
import { Comment, CommentTag, Converter } from "typedoc";

const index = readFileSync(new URL("../packages/interpreters/src/index.ts", import.meta.url), "utf8");

/** Titles, up to their colon, in the order of the file, and the title of each exported name or, of `export *`, of each module. */
const groups = { titles: [], ofName: new Map(), ofModule: new Map() };
for (const section of index.split("/* ---- ").slice(1)) {
  const [title] = section.slice(0, section.indexOf(" ---- */")).split(":");
  groups.titles.push(title);
  for (const [, names, module] of section.matchAll(
    /^export (?:type )?(\{[^}]*\}|\*) from "\.\/(.*)\.js";/gm,
  )) {
    if (names === "*") groups.ofModule.set(module, title);
    for (const [, name] of names.matchAll(/(\w+)\s*[,}]/g)) groups.ofName.set(name, title);
  }
}

function groupOf(child) {
  const named = groups.ofName.get(child.name);
  if (named !== undefined) return named;
  const file = child.project.getSymbolIdFromReflection(child)?.fileName ?? "";
  for (const [module, title] of groups.ofModule) {
    // A module may give out the parts in the folder of its name.
    if (file.endsWith(`src/${module}.ts`) || file.includes(`src/${module}/`)) return title;
  }
  throw new Error(`${child.name} is in no group of src/index.ts (it is declared in ${file})`);
}

export function load(app) {
  const order = [...groups.ofName.keys()];
  const place = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
  app.on("bootstrapEnd", () =>
    app.options.setValue("groupOrder", [
      "Guides",
      "Reference",
      ...groups.titles,
      "Constructors",
      "Properties",
      "Accessors",
      "Methods",
    ]),
  );
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    if (project.readme !== undefined) removeHeading(project.readme);
    for (const document of project.documents ?? []) document.frontmatter["group"] = "Guides";
    const [module] = project.children;
    module.name = "interpreters";
    addGroup(module, "Reference");
    for (const child of module.children) addGroup(child, groupOf(child));
  });
  // A guide is called what its heading says. The name of its file is settled by then.
  app.renderer.on("beginRender", ({ project }) => {
    for (const document of project.documents ?? [])
      document.name = /^# (.*)$/m.exec(document.content[0].text)[1];
  });
  // After the groups are made, and sorted.
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      for (const group of project.children[0].groups) group.children.sort((a, b) => place(a) - place(b));
    },
    -1000,
  );
}

function addGroup(reflection, title) {
  reflection.comment ??= new Comment();
  reflection.comment.blockTags.push(new CommentTag("@group", [{ kind: "text", text: title }]));
}

/** The site shows its own title above the README's. */
function removeHeading(content) {
  content[0].text = content[0].text.replace(/^# .*\n+/, "");
}
