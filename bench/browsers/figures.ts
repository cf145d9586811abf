/** The figures of `npm run bench:browsers` as tables: on the terminal, and in docs/browsers.md. */
import { median, timesAsGood } from "../harness.js";
import { format } from "../report.js";
import type { Row } from "./measure.js";

export interface BrowserFigures {
  readonly name: string;
  /** `Chromium 150`. */
  readonly version: string;
  readonly rows: readonly Row[];
}

/** What `--record` writes. */
export interface Figures {
  readonly machine: { readonly processor: string; readonly cores: number; readonly platform: string };
  readonly commit: string;
  readonly date: string;
  readonly browsers: readonly BrowserFigures[];
}

const MARK = /(<!-- figures of bench:browsers -->\n).*?(<!-- end of figures -->)/s;

const valueOf = ({ rounds }: Row): number => median(rounds);
const written = (row: Row): string =>
  row.problem === undefined ? `${format(valueOf(row))} ${row.unit}` : "fails";

function casesOf(rows: readonly Row[]): Row[][] {
  const cases = new Map<string, Row[]>();
  for (const row of rows) cases.set(row.id, [...(cases.get(row.id) ?? []), row]);
  return [...cases.values()];
}

/** The table of one browser, for a terminal. */
export function drawTable({ version, rows }: BrowserFigures): string {
  const lines = [version];
  for (const members of casesOf(rows)) {
    lines.push(`  ${members[0].title}`);
    const reference = members.find(({ ours, problem }) => ours && problem === undefined);
    for (const row of members) {
      const figure = `    ${row.name.padEnd(40)}${written(row).padStart(16)}`;
      const best = row.unit === "ms" ? `  best ${format(Math.min(...row.rounds))}` : "";
      if (row.problem !== undefined) lines.push(`${figure}  ${row.problem}`);
      else if (reference === undefined || row === reference) lines.push(figure + best);
      else {
        const ratio = timesAsGood(row.unit, valueOf(reference), valueOf(row));
        lines.push(`${figure}${best}  ours is ${ratio.toFixed(2)} times as fast`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The table of the guide: a row for each contender, a column for each browser. */
export function drawMarkdown({ machine, browsers }: Figures): string {
  const lines = [
    `Medians on ${machine.cores} cores (${machine.processor}, ${machine.platform}):`,
    "",
    `| | ${browsers.map(({ version }) => version).join(" | ")} |`,
    `| --- |${" ---: |".repeat(browsers.length)}`,
  ];
  const cells = (text: (rows: readonly Row[]) => string): string =>
    browsers.map(({ rows }) => ` ${text(rows)} |`).join("");
  for (const members of casesOf(browsers.flatMap(({ rows }) => rows))) {
    lines.push(`| **${members[0].title}** |${cells(() => "")}`);
    for (const name of new Set(members.map((row) => row.name))) {
      const cell = (rows: readonly Row[]): string => {
        const row = rows.find((each) => each.id === members[0].id && each.name === name);
        return row === undefined ? "–" : written(row);
      };
      lines.push(`| ${name} |${cells(cell)}`);
    }
  }
  return lines.join("\n");
}

/** The guide with these figures in the place of those that it has. */
export function withFigures(guide: string, figures: Figures): string {
  if (!MARK.test(guide)) throw new Error("the guide has no place for the figures of bench:browsers");
  return guide.replace(
    MARK,
    (_, begin: string, end: string) => `${begin}\n${drawMarkdown(figures)}\n\n${end}`,
  );
}
