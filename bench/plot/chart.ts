/**
 * Draws charts as SVG text, with Observable Plot on a document of linkedom, without a browser.
 *
 * Elements have classes (STYLE) instead of colours, so that one file suits light and dark pages.
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** The inside of an SVG element of that size. */
export interface Chart {
  readonly width: number;
  readonly height: number;
  readonly body: string;
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The text at the end of the bar. */
  readonly label: string;
  readonly ours: boolean;
}

export interface LinePoint {
  readonly commit: string;
  readonly value: number;
  /** The text that appears while the pointer is on the point. */
  readonly label: string;
  /** Other processes disturbed the measurement: the point is hollow. */
  readonly disturbed: boolean;
}

export interface Line {
  readonly name: string;
  /** A class of STYLE: `s0` to `s3`, or `peer`. */
  readonly style: string;
  readonly points: readonly LinePoint[];
}

const FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";
const FONT_SIZE = 11;
/** The mean width of a character of that font, in pixels, rounded up amply. */
const CHARACTER = 6.5;
const BAR = 18;

/** GitHub's colours. The files draw their own background, so that their text is legible on every page. */
const THEMES = {
  light: {
    page: "#ffffff",
    text: "#1f2328",
    muted: "#59636e",
    grid: "#d1d9e0",
    peer: "#b6bfc9",
    series: ["#0969da", "#bc4c00", "#1a7f37", "#8250df"],
  },
  dark: {
    page: "#0d1117",
    text: "#f0f6fc",
    muted: "#9198a1",
    grid: "#3d444d",
    peer: "#59636e",
    series: ["#4493f8", "#db6d28", "#3fb950", "#ab7df8"],
  },
};

function rules({ page, text, muted, grid, peer, series }: typeof THEMES.light): string {
  return [
    `.page { fill: ${page}; }`,
    `.chart text { fill: ${text}; stroke: none; }`,
    `.chart .muted, .chart .muted text { fill: ${muted}; }`,
    `.chart .grid, .chart .rule line { stroke: ${grid}; }`,
    ...[...series.map((colour, i) => [`s${i}`, colour]), ["peer", peer]].flatMap(([name, colour]) => [
      `.bar-${name} rect, .chart .key-${name} { fill: ${colour}; }`,
      `.line-${name} path { stroke: ${colour}; }`,
      `.dot-${name} circle { fill: ${colour}; stroke: ${colour}; }`,
      `.hollow-${name} circle { fill: ${page}; stroke: ${colour}; }`,
    ]),
  ].join("\n");
}

export const STYLE = `${rules(THEMES.light)}
@media (prefers-color-scheme: dark) {
${rules(THEMES.dark)}
}`;

/** The style of this package's line with that index. All lines beyond the last colour share it. */
export const seriesStyle = (index: number): string => `s${Math.min(index, THEMES.light.series.length - 1)}`;

export const escapeXml = (text: string): string =>
  text.replaceAll(
    /[&<>"]/g,
    (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character] ?? "",
  );

/** The members of an SVG element that `draw` uses. This project does not load the DOM types of TypeScript. */
interface SvgElement {
  readonly innerHTML: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): { remove(): void } | null;
}

function draw(options: Plot.PlotOptions): Chart {
  const { document } = parseHTML("<!doctype html><html></html>");
  const svg = Plot.plot({ ...options, document }) as unknown as SvgElement;
  // Plot's own style lays out an SVG element in a page. Here the content becomes part of another element.
  svg.querySelector("style")?.remove();
  return {
    width: Number(svg.getAttribute("width")),
    height: Number(svg.getAttribute("height")),
    body: `<g text-anchor="middle">${svg.innerHTML}</g>`,
  };
}

/** A bar for each contender, in the given order. */
export function bars(entries: readonly Bar[], width: number): Chart {
  const longest = Math.max(...entries.map(({ name }) => name.length));
  const widest = Math.max(...entries.map(({ label }) => label.length));
  const longestBar = Math.max(...entries.map(({ value }) => value), Number.MIN_VALUE);
  const x = ({ value }: Bar): number => Math.max(0, value / longestBar);
  const marks = (which: boolean, style: string) => {
    const data = entries.filter(({ ours }) => ours === which);
    return Plot.barX(data, { x, y: "name", className: `bar-${style}` });
  };
  return draw({
    width,
    height: entries.length * BAR,
    marginTop: 0,
    marginBottom: 0,
    marginLeft: Math.ceil(longest * CHARACTER) + 8,
    marginRight: Math.ceil(widest * CHARACTER) + 8,
    x: { axis: null, domain: [0, 1] },
    y: { label: null, domain: entries.map(({ name }) => name), padding: 0.25, tickSize: 0 },
    marks: [
      marks(true, "s0"),
      marks(false, "peer"),
      Plot.text(entries, { x, y: "name", text: "label", textAnchor: "start", dx: 5 }),
    ],
  });
}

export interface LinesOptions {
  readonly width: number;
  readonly height: number;
  /** All commits, the oldest first; the lines may lack points at some of them. */
  readonly commits: readonly string[];
  readonly format: (value: number) => string;
  /** A value to draw a horizontal rule at. */
  readonly rule?: number;
  /** False leaves the names of the commits to the chart below. */
  readonly axis?: boolean;
}

/** Lines over commits. */
export function lines(series: readonly Line[], options: LinesOptions): Chart {
  const { width, height, commits, format, rule, axis = true } = options;
  const values = series.flatMap(({ points }) => points.map(({ value }) => value));
  if (rule !== undefined) values.push(rule);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // Room around the lines, also if all values are equal.
  const room = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
  const marginLeft = 64;
  const [shown, step] = thin(commits, Math.max(1, Math.floor((width - marginLeft) / 90)));
  const where = { x: "commit", y: "value" };
  return draw({
    width,
    height,
    marginTop: 8,
    marginRight: 28,
    marginBottom: axis ? 22 : 6,
    marginLeft,
    x: {
      type: "point",
      axis: axis ? "bottom" : null,
      domain: [...commits],
      label: null,
      ticks: shown,
      tickFormat: (commit: string) => commit.slice(0, 7),
      tickSize: step === 1 ? 0 : 4,
    },
    y: { domain: [low - room, high + room], label: null, ticks: 4, tickFormat: format, tickSize: 0 },
    marks: [
      Plot.gridY({ ticks: 4, className: "rule" }),
      ...(rule === undefined ? [] : [Plot.ruleY([rule], { className: "rule", strokeDasharray: "4 3" })]),
      ...series.map(({ points, style }) =>
        Plot.lineY(points, { ...where, className: `line-${style}`, strokeWidth: 1.75 }),
      ),
      ...series.flatMap(({ points, style }) =>
        [false, true].map((hollow) =>
          Plot.dot(
            points.filter(({ disturbed }) => disturbed === hollow),
            { ...where, r: 2.75, title: "label", className: `${hollow ? "hollow" : "dot"}-${style}` },
          ),
        ),
      ),
    ],
  });
}

/** Returns at most `most` of the names, evenly spaced and including the last one, and their distance. */
export function thin(names: readonly string[], most: number): [string[], number] {
  const step = Math.ceil(names.length / most);
  return [names.filter((_, i) => (names.length - 1 - i) % step === 0), step];
}

/** A chart below lines of text. */
export interface Block {
  readonly title?: string;
  readonly note?: string;
  /** The names of the lines in the chart, with their styles. */
  readonly key?: readonly { readonly name: string; readonly style: string }[];
  readonly chart?: Chart;
}

const LINE = 16;
const GAP = 14;
const PADDING = 12;

/** Returns an SVG element with the blocks one below the other. `standalone`: for a file, with its own style and background. */
export function stack(blocks: readonly Block[], alt: string, standalone: boolean): string {
  const padding = standalone ? PADDING : 0;
  const width = Math.max(...blocks.map(({ chart }) => chart?.width ?? 0)) + 2 * padding;
  const parts: string[] = [];
  let y = padding;
  const text = (attributes: string, content: string): void => {
    parts.push(`<text x="${padding}" y="${y + 12}"${attributes}>${content}</text>`);
    y += LINE;
  };
  for (const [i, { title, note, key = [], chart }] of blocks.entries()) {
    if (i > 0) y += GAP;
    if (title !== undefined) text(' font-size="13" font-weight="600"', escapeXml(title));
    if (note !== undefined) text(' class="muted"', escapeXml(note));
    for (const { name, style } of key) {
      text("", `<tspan class="key-${style}">●</tspan> ${escapeXml(name)}`);
    }
    if (chart === undefined) continue;
    y += 2;
    parts.push(`<g transform="translate(${padding},${y})">${chart.body}</g>`);
    y += chart.height;
  }
  const height = y + padding;
  const own = standalone
    ? `<style>\n${STYLE}\n</style>\n<rect class="page" width="${width}" height="${height}" rx="6"/>\n`
    : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="${escapeXml(alt)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="${FONT_SIZE}" fill="none">
${own}${parts.join("\n")}
</svg>
`;
}
