/**
 * Counts idioms in comments, error texts' neighbours and Markdown that a native reader stumbles over, by kind, and lists them:
 *
 *     node scripts/prose.mjs [--list] [paths…]
 *
 * A hit is a place to look, not a verdict. The gate fails only when the rate exceeds what the tree has reached (PER_THOUSAND).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Hits for each 1000 words that the gate accepts. crossbeam, tokio and rayon have 0 to 0.5 of the same patterns. */
const PER_THOUSAND = 1;

const PATTERNS = {
  "indefinite actor": /\b(somebody|nobody|anybody|everybody|someone|anyone|whoever)\b/gi,
  "clause as subject": /(?:^|[.;:] )(What|Who) (?!happens|else)[a-z]/g,
  "vague noun": /\b(piece|pieces|thing|things) (of work|to do|there|that|which|is|are)\b|\bpieces?\b/gi,
  "double genitive":
    /\bof (ours|theirs|the user's|a user's|users'|the caller's|the owner's|the creator's|its own's|[a-z]+'s)(?= |[.,;)])/gi,
  frame:
    /\b(it is|it was) [^.]{1,60}? (that|which|who) \b|\bthere (is|are) (nothing|none|something|no one|those)\b/gi,
  "colon telegram":
    /(?:^|[.;(] ?)(-?\d+|[A-Z_]{3,}|False|True|Undefined|Empty|None): (it|there|nothing|none|no|the|this|all|not|somebody|nobody)\b/g,
  "duty by infinitive": /\b(is|are|was|were|has|have) to (be\b|[a-z]+ )(?!date)/gi,
  "told or heard": /\b(is|are|was|were|be|been) told\b|\bhears? of\b|\bheard of\b|\btells? of\b/gi,
  "vague number":
    /\bsome (ten|twenty|thirty|forty|fifty|hundred|hundreds|thousand|thousands|\d[\d ]*)\b|\ba few\b/gi,
};

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({ options: { list: { type: "boolean" } }, allowPositionals: true });
const places = positionals.length > 0 ? positionals : ["packages", "bench", "examples", "scripts", "."];

function* filesIn(place) {
  const full = path.resolve(root, place);
  if (statSync(full).isFile()) return yield full;
  const recursive = place !== ".";
  for (const name of readdirSync(full, { recursive })) {
    if (/(^|\/)(dist|node_modules|fixtures|history)(\/|$)/.test(name)) continue;
    if (/\.(ts|mts|cts|mjs|md)$/.test(name) && name !== "scripts/prose.mjs") yield path.join(full, name);
  }
}

/** The prose of a file as [line number, text]. */
function* proseOf(file) {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".md")) {
    let fenced = false;
    for (const [i, line] of text.split("\n").entries()) {
      if (line.startsWith("```")) fenced = !fenced;
      else if (!fenced) yield [i + 1, line.replaceAll(/`[^`]*`/g, "`code`")];
    }
    return;
  }
  for (const match of text.matchAll(/\/\*\*?([\s\S]*?)\*\/|(?<![:"'`\w])\/\/ ?(.*)/g)) {
    const first = text.slice(0, match.index).split("\n").length;
    if (match[2] !== undefined) yield [first, match[2]];
    else {
      for (const [i, line] of match[1].split("\n").entries()) {
        // Indented lines are diagrams and code.
        if (!/^\s*\* {3,}/.test(line))
          yield [first + i, line.replace(/^\s*\*? ?/, "").replaceAll(/`[^`]*`/g, "`code`")];
      }
    }
  }
}

const counts = Object.fromEntries(Object.keys(PATTERNS).map((name) => [name, 0]));
let words = 0;
for (const file of new Set(places.flatMap((place) => [...filesIn(place)]))) {
  if (file.endsWith("scripts/prose.mjs")) continue;
  for (const [line, text] of proseOf(file)) {
    words += text.split(/\s+/).filter((word) => /[a-z]/i.test(word)).length;
    for (const [name, pattern] of Object.entries(PATTERNS)) {
      for (const match of text.matchAll(pattern)) {
        counts[name]++;
        if (values.list)
          console.log(`${path.relative(root, file)}:${line}: ${name}: ${match[0].trim()}   | ${text.trim()}`);
      }
    }
  }
}
const hits = Object.values(counts).reduce((sum, count) => sum + count, 0);
const rate = (hits / words) * 1000;
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${String(count).padStart(5)}  ${name}`)
    .join("\n"),
);
console.log(`${hits} hits in ${words} words: ${rate.toFixed(2)} of 1000`);
if (rate > PER_THOUSAND) process.exitCode = 1;
