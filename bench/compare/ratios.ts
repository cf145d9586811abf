/** Compares the figures of two builds. */

import { median, timesAsGood, type Unit } from "../harness.js";

/** The figures of one round, in which both builds ran in fresh processes. */
export interface Round {
  readonly next: readonly number[];
  readonly base: readonly number[];
}

export interface Comparison {
  /** Medians of all rounds, in the unit of the case. */
  readonly next: number;
  readonly base: number;
  /** How many times as good as the base build the new one is, by these medians; above 1 it is better. */
  readonly ratio: number;
  /** The lowest and the highest such ratio of a single round. */
  readonly min: number;
  readonly max: number;
}

/** Undefined if no round has positive figures of both builds: memory within the noise comes out as 0 or less. */
export function compareRounds(unit: Unit, rounds: readonly Round[]): Comparison | undefined {
  const usable = rounds.filter(
    ({ next, base }) => next.length > 0 && base.length > 0 && median(next) > 0 && median(base) > 0,
  );
  if (usable.length === 0) return undefined;
  const next = median(usable.flatMap((round) => round.next));
  const base = median(usable.flatMap((round) => round.base));
  const ratios = usable.map((round) => timesAsGood(unit, median(round.next), median(round.base)));
  return {
    next,
    base,
    ratio: timesAsGood(unit, next, base),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
  };
}

/** `--strict` fails below this ratio. */
export const ACCEPTED = 0.97;

export interface Row {
  /** The case and the contender. */
  readonly name: string;
  readonly comparison: Comparison | undefined;
  /** Why the new build dropped out. */
  readonly failure?: string;
}

/** The rows that make `--strict` fail. A new build that gives no figure fails too. */
export const worse = (rows: readonly Row[]): Row[] =>
  rows.filter(({ comparison, failure }) => failure !== undefined || (comparison?.ratio ?? 1) < ACCEPTED);
