/** Draws the page with all plots: one file without external resources. */

import { describeMachine, type MachineHistory } from "../history.js";
import { format } from "../report.js";
import { bars, escapeXml, lines, stack, STYLE } from "./chart.js";
import type { TitleOf } from "./figures.js";
import { barsOf, legend, linesOf } from "./series.js";

const BARS_WIDTH = 620;
const LINES_WIDTH = 480;
const LINES_HEIGHT = 170;

const PAGE_STYLE = `
:root { color-scheme: light dark; }
body { font: 14px/1.45 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
  max-width: 1160px; margin: 24px auto; padding: 0 16px; background: #ffffff; color: #1f2328; }
h1 { font-size: 22px; } h2 { font-size: 18px; margin-top: 40px; } h3 { font-size: 14px; margin: 32px 0 0; }
p { margin: 2px 0 8px; color: #59636e; }
nav a { margin-right: 12px; }
.pair { display: flex; flex-wrap: wrap; gap: 16px 40px; align-items: flex-start; }
svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  body { background: #0d1117; color: #f0f6fc; } p { color: #9198a1; } a { color: #4493f8; }
}`;

/** `order`: the ids of the current cases. Cases that exist only in the history come last. */
export function page(
  machines: readonly MachineHistory[],
  order: readonly string[],
  titleOf: TitleOf,
): string {
  const links = machines.map(
    ({ machine }, i) => `<a href="#machine-${i + 1}">${escapeXml(describeMachine(machine))}</a>`,
  );
  const sections = machines.map((history, i) => machineSection(history, `machine-${i + 1}`, order, titleOf));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>interpreters: benchmark history</title>
<style>${PAGE_STYLE}
${STYLE}
</style>
</head>
<body>
<h1>interpreters: benchmark history</h1>
<p>Medians. Bars: the newest figures of this package (blue) and of its peers (grey). Lines: the same case over commits; the grey
line is the best peer, measured in the same runs. Hollow points: other processes disturbed the measurement. Figures of different
machines are never in one plot.</p>
<nav>${links.join("\n")}</nav>
${sections.join("\n")}
</body>
</html>
`;
}

function machineSection(
  { machine, date, commits, cases }: MachineHistory,
  anchor: string,
  order: readonly string[],
  titleOf: TitleOf,
): string {
  const ids = [
    ...order.filter((id) => cases.has(id)),
    ...[...cases.keys()].filter((id) => !order.includes(id)),
  ];
  const parts = ids.map((id) => {
    const points = cases.get(id) ?? [];
    const newest = points[points.length - 1];
    const title = titleOf(id);
    const barChart = { chart: bars(barsOf(newest.figures, { brief: false }), BARS_WIDTH) };
    const series = linesOf(points);
    const options = { width: LINES_WIDTH, height: LINES_HEIGHT, commits, format };
    const lineChart = { key: series, chart: lines(series, options) };
    return `<h3 id="${anchor}-${id}">${escapeXml(title)}</h3>
<p>${escapeXml(`${id}, ${newest.figures.unit}; bars of commit ${newest.commit}: ${legend(newest.figures)}`)}</p>
<div class="pair">
${stack([barChart], `${title}: this package and its peers`, false)}${stack([lineChart], `${title}: by commit`, false)}</div>`;
  });
  return `<section>
<h2 id="${anchor}">${escapeXml(describeMachine(machine))}</h2>
<p>${commits.length} ${commits.length === 1 ? "commit" : "commits"}, last measured on ${date.slice(0, 10)}</p>
${parts.join("\n")}
</section>`;
}
