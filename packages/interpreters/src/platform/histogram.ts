/** Histograms of durations. */
export * from "./node/histogram.js";
