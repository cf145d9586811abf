/** Turns the figures of the history into bars and lines. */

import { higherIsBetter, timesAsGood, type Unit } from "../harness.js";
import type { CaseRecord, Point } from "../history.js";
import { format } from "../report.js";
import { type Bar, type Line, seriesStyle } from "./chart.js";

const withUnit = (value: number, unit: Unit): string => `${format(value)} ${unit}`;

/** Explains the bars of a case. */
export function legend({ unit, ours, peers }: CaseRecord): string {
  const direction = higherIsBetter(unit) ? "longer is better" : "shorter is better";
  if (Object.keys(peers).length === 0) return direction;
  return `${direction}; (n ×): "${Object.keys(ours)[0]}" is n times as good as that peer`;
}

const byFigure =
  (unit: Unit) =>
  ([, a]: readonly [string, number], [, b]: readonly [string, number]): number =>
    higherIsBetter(unit) ? b - a : a - b;

/** The package of a contender: "piscina, 64 tasks per worker" is a setting of piscina. */
const packageOf = (contender: string): string => contender.split(",", 1)[0];

/** The best contender of each package. */
function bestOfEach(peers: readonly [string, number][]): [string, number][] {
  const packages = new Set<string>();
  return peers.filter(([name]) => {
    const seen = packages.has(packageOf(name));
    packages.add(packageOf(name));
    return !seen;
  });
}

export interface BarsOptions {
  /** Only the best setting of each peer. */
  readonly brief: boolean;
}

/** The best comes first. Each peer's label says how many times as good this package is (`legend`). */
export function barsOf({ unit, ours, peers }: CaseRecord, { brief }: BarsOptions): Bar[] {
  const sortedPeers = Object.entries(peers).sort(byFigure(unit));
  const chosen = brief ? bestOfEach(sortedPeers) : sortedPeers;
  const [[, own]] = Object.entries(ours);
  return [...Object.entries(ours), ...chosen].sort(byFigure(unit)).map(([name, value]) => {
    const isOurs = name in ours;
    const ratio = isOurs || value <= 0 ? "" : ` (${timesAsGood(unit, own, value).toFixed(2)} ×)`;
    return { name, value, ours: isOurs, label: `${withUnit(value, unit)}${ratio}` };
  });
}

/** A line for each of this package's contenders, and one for the best peer at the newest point, which shows what the machine did. */
export function linesOf(points: readonly Point[]): Line[] {
  const newest = points.at(-1)?.figures;
  if (newest === undefined) return [];
  const line = (name: string, style: string, figures: "ours" | "peers"): Line => ({
    name,
    style,
    points: points.flatMap(({ commit, figures: record }) => {
      const value = record[figures][name];
      if (value === undefined) return [];
      return [{ commit, value, ...labelled(commit, `${name}: ${withUnit(value, record.unit)}`, record) }];
    }),
  });
  const peer = newest.bestPeer === undefined ? [] : [line(newest.bestPeer, "peer", "peers")];
  return [...Object.keys(newest.ours).map((name, i) => line(name, seriesStyle(i), "ours")), ...peer];
}

/** A line of the ratios to the best peer at each commit. */
export function ratioLine(name: string, points: readonly Point[]): Line {
  return {
    name,
    style: seriesStyle(0),
    points: points.flatMap(({ commit, figures }) => {
      const { ratio, bestPeer } = figures;
      if (ratio === undefined) return [];
      const label = `${format(ratio)} times as good as ${bestPeer}`;
      return [{ commit, value: ratio, ...labelled(commit, label, figures) }];
    }),
  };
}

function labelled(commit: string, text: string, { busyElsewhere }: CaseRecord) {
  const disturbed = busyElsewhere !== undefined;
  const warning = disturbed ? `\nother processes kept ${busyElsewhere} cores busy` : "";
  return { label: `${commit}\n${text}${warning}`, disturbed };
}
