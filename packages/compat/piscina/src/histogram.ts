import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Milliseconds. */
export interface PiscinaHistogramSummary {
  average: number;
  mean: number;
  stddev: number;
  min: number;
  max: number;
  p0_001: number;
  p0_01: number;
  p0_1: number;
  p1: number;
  p2_5: number;
  p10: number;
  p25: number;
  p50: number;
  p75: number;
  p90: number;
  p97_5: number;
  p99: number;
  p99_9: number;
  p99_99: number;
  p99_999: number;
}

/** How long tasks ran and waited. */
export interface PiscinaHistogram {
  readonly runTime: PiscinaHistogramSummary;
  readonly waitTime: PiscinaHistogramSummary;
  resetRunTime(): void;
  resetWaitTime(): void;
}

const PERCENTILES = [0.001, 0.01, 0.1, 1, 2.5, 10, 25, 50, 75, 90, 97.5, 99, 99.9, 99.99, 99.999];

/** Durations in milliseconds, counted in microseconds. */
export class Durations {
  readonly #histogram: RecordableHistogram = createHistogram();

  record(milliseconds: number): void {
    this.#histogram.record(Math.max(1, Math.trunc(milliseconds * 1000)));
  }
  reset(): void {
    this.#histogram.reset();
  }
  /** The sum of all, approximately. */
  get total(): number {
    const { count, mean } = this.#histogram;
    return count === 0 ? 0 : (mean / 1000) * count;
  }
  get summary(): PiscinaHistogramSummary {
    const { mean, stddev, min, max } = this.#histogram;
    const figures: Record<string, number> = { average: mean, mean, stddev, min, max };
    for (const percentile of PERCENTILES) {
      figures[`p${String(percentile).replace(".", "_")}`] = this.#histogram.percentile(percentile);
    }
    return Object.fromEntries(
      Object.entries(figures).map(([key, microseconds]) => [key, microseconds / 1000]),
    ) as unknown as PiscinaHistogramSummary;
  }
}
