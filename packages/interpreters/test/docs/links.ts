/** The Markdown pages of the repository, their links, and the anchors that links can name. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** The pages that users and contributors read, relative to the repository's root. */
export function pages(root: string): string[] {
  return pagesUnder(root, "")
    .filter((name) => !/^packages\/\w+\/CHANGELOG\.md$/.test(name))
    .sort();
}

/** Enters no folder that a build or another test fills, and may empty meanwhile. */
function pagesUnder(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}${entry.name}`;
    if (!entry.isDirectory()) return name.endsWith(".md") ? [name] : [];
    return /^(?:node_modules|dist(?:-\w+)?|site|\.\w+)$/.test(entry.name) ? [] : pagesUnder(root, `${name}/`);
  });
}

export interface Link {
  readonly line: number;
  /** As written: a URL, a path relative to the page, or an anchor. */
  readonly target: string;
}

/** The links and images of a page, outside of its code. */
export function linksOf(text: string): Link[] {
  return proseOf(text).flatMap(({ line, prose }) =>
    [...prose.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?: "[^"]*")?\)/g)].map((match) => ({
      line,
      target: match[1],
    })),
  );
}

/** The anchors that GitHub and npm give the headings of a page. */
export function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  let fenced = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    const heading = fenced ? undefined : /^#+ (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const slug = shown
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/**
 * The links of a page that lead nowhere: to a file that does not exist, or to an anchor that its page does not have. `exists` says
 * which files there are, by their absolute paths; links to other sites are not followed.
 */
export function deadLinks(page: string, exists: (file: string) => boolean = existsSync): string[] {
  const text = readFileSync(page, "utf8");
  return linksOf(text).flatMap(({ line, target }) => {
    if (/^(?:https?|mailto):/.test(target)) return [];
    const [file, anchor] = target.split("#");
    const full = file === "" ? page : path.resolve(path.dirname(page), decodeURIComponent(file));
    if (!exists(full)) return [`${page}:${line}: ${target}: no such file`];
    if (anchor === undefined || statSync(full).isDirectory() || !full.endsWith(".md")) return [];
    return anchorsOf(readFileSync(full, "utf8")).has(anchor)
      ? []
      : [`${page}:${line}: ${target}: no such heading`];
  });
}

/** The lines of a page without code blocks and inline code. */
function proseOf(text: string): { line: number; prose: string }[] {
  let fenced = false;
  return text.split("\n").flatMap((line, i) => {
    if (line.startsWith("```")) fenced = !fenced;
    return fenced ? [] : [{ line: i + 1, prose: line.replaceAll(/`[^`]*`/g, "`code`") }];
  });
}
