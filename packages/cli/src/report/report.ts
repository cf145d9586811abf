/** Writes the report of a trace: one page, which needs nothing but itself. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError, systemMessage } from "../errors.js";
import type { PageData, Row } from "./page-data.js";
import { readTrace, type Trace } from "./read-trace.js";

/** @throws UsageError the trace cannot be read, or the report not be written */
export async function writeReport(trace: string, file: string, cwd: string): Promise<void> {
  const page = pageOf(await readTrace(resolve(cwd, trace)));
  try {
    writeFileSync(resolve(cwd, file), page);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${systemMessage(error)}`);
  }
}

/** The name of the page of a trace whose own name is `trace`. */
export function pageNameOf(trace: string): string {
  return `${trace.replace(/\.json$/, "")}.html`;
}

export function pageOf(trace: Trace): string {
  // Neither may end the script that it stands in.
  const data = JSON.stringify(dataOf(trace)).replaceAll("<", "\\u003c");
  const script = own("browser.js").replaceAll(/^(?:export .*|\/\/# sourceMappingURL.*)$/gm, "");
  const parts: Readonly<Record<string, string>> = { style: STYLE, data, script };
  // In one pass: the names of tasks may contain such a comment.
  return TEMPLATE.replaceAll(/\/\*(style|data|script)\*\//g, (_, part: string) => parts[part]);
}

function own(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

function dataOf(trace: Trace): PageData {
  const { tasks, instants, counters, threads } = trace;
  const ids = new Set([...threads.keys(), ...tasks.map(({ thread }) => thread)]);
  const sorted = [...ids].sort((a, b) => (a % PLACE) - (b % PLACE) || a - b);
  const rowOf = new Map(sorted.map((id, index) => [id, index]));
  const times = [
    ...instants.map(({ at }) => at),
    ...[...counters.values()].flatMap((points) => [points[0][0], points.at(-1)?.[0] ?? 0]),
  ];
  let [from, to] = [Infinity, -Infinity];
  for (const at of times) [from, to] = [Math.min(from, at), Math.max(to, at)];
  for (const { began, ran, waited } of tasks) {
    from = Math.min(from, began - Math.max(0, waited));
    to = Math.max(to, began + ran);
  }
  if (from > to) [from, to] = [0, 0];
  const names = new Map<string, number>();
  const nameOf = (name: string): number => {
    let index = names.get(name);
    if (index === undefined) names.set(name, (index = names.size));
    return index;
  };
  const rows = sorted.map((id): Row => {
    const own = instants.filter(({ thread }) => thread === id % PLACE);
    const start = own.find(({ name }) => name.startsWith("start"));
    const end = own.find(({ name }) => name === "closed" || name.startsWith("death"));
    return {
      label: threads.get(id) ?? `interpreter ${id}`,
      executes: id !== 0,
      from: (start?.at ?? from) - from,
      to: (end?.at ?? to) - from,
    };
  });
  const why: Record<number, string> = {};
  for (const [index, task] of tasks.entries()) if (task.why !== "") why[index] = task.why;
  return {
    process: trace.process,
    length: to - from,
    complete: trace.complete,
    rows,
    count: tasks.length,
    began: base64(Float64Array.from(tasks, ({ began }) => began - from)),
    ran: base64(Float32Array.from(tasks, ({ ran }) => ran)),
    waited: base64(Float32Array.from(tasks, ({ waited }) => waited)),
    row: base64(Uint16Array.from(tasks, ({ thread }) => rowOf.get(thread) ?? 0)),
    name: base64(Uint32Array.from(tasks, ({ name }) => nameOf(name))),
    state: base64(Uint8Array.from(tasks, ({ state }) => state)),
    names: [...names.keys()],
    why,
    instants: instants.map(({ at, thread, name }) => [at - from, rowOf.get(thread) ?? 0, name] as const),
    counters: [...counters].map(
      ([name, points]) => [name, points.map(([at, value]) => [at - from, value] as const)] as const,
    ),
  };
}

/** Threads beyond the first of an interpreter have ids that differ by a multiple of this. */
const PLACE = 1_000_000;

function base64(array: ArrayBufferView): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
}

const TEMPLATE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>interpreters: report</title>
<style>/*style*/</style>
</head>
<body>
<header><h1>interpreters</h1><p id="summary"></p></header>
<main>
<section><h2>Timeline</h2>
<p class="hint">Wheel: zoom. Drag: move. Double click: everything. <span id="range"></span></p>
<div id="timeline"><canvas></canvas><div id="tip" hidden></div></div></section>
<section><h2>Interpreters</h2><table id="interpreters"></table></section>
<section class="pair"><div><h2>Waiting</h2><div class="histogram" id="waiting"></div></div>
<div><h2>Running</h2><div class="histogram" id="running"></div></div></section>
<section><h2>Functions</h2><table id="functions"></table></section>
<section><h2>The slowest tasks</h2><table id="slowest"></table></section>
<section><h2>Failed tasks</h2><table id="failed"></table></section>
<section><h2>Starts and ends</h2><table id="events"></table></section>
</main>
<script type="application/json" id="data">/*data*/</script>
<script type="module">/*script*/</script>
</body>
</html>
`;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --dim: #667079; --line: #d9dde1; --paper: #fff; --task: #3b7dd8; --bad: #d64545; --wait: #e3a53c; --good: #3f9f6b }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #97a1aa; --line: #363c42; --paper: #16191c; --task: #5b97e8; --bad: #ea6a6a; --wait: #e0b05c; --good: #63bd8c } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif }
header, main { max-width: 1180px; margin: 0 auto; padding: 0 24px }
h1 { font-size: 22px; margin: 24px 0 0 } h2 { font-size: 16px; margin: 28px 0 8px }
#summary, .hint { color: var(--dim); margin: 4px 0 8px }
#timeline { position: relative; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; touch-action: none }
canvas { display: block; width: 100%; cursor: grab }
#tip { position: absolute; pointer-events: none; background: var(--paper); border: 1px solid var(--line); border-radius: 4px; padding: 4px 8px; font-size: 12px; box-shadow: 0 2px 8px #0003; max-width: 420px; white-space: pre-line }
table { border-collapse: collapse; width: 100% } th { text-align: left; color: var(--dim); font-weight: 500 }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
td.bar { width: 30% } .meter { height: 10px; background: var(--line); border-radius: 2px } .meter i { display: block; height: 100%; background: var(--task); border-radius: 2px }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 32px }
.histogram div { display: grid; grid-template-columns: 130px 1fr 70px; gap: 8px; align-items: center; font-variant-numeric: tabular-nums }
.histogram i { display: block; height: 12px; min-width: 1px; border-radius: 2px; background: var(--task) } #waiting i { background: var(--wait) }
.histogram span { color: var(--dim); text-align: right; white-space: nowrap }
@media (max-width: 700px) { .pair { grid-template-columns: 1fr } }
`;
