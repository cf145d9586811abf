/**
 * The progress bar on a terminal: count, rate and time left, with the parts of running items that these report.
 *
 * The bar shares the terminal with other lines: `hide` erases it before a line is written, and the next tick redraws
 * it below.
 */

import type { Options, Params } from "cli-progress";

export interface Progress {
  start(): void;
  /** Sets the number of items once it is known. */
  setTotal(total: number): void;
  /** The sum of the parts, each from 0 to 1, that unfinished items have reported as done changes by `change`. */
  partly(change: number): void;
  /** Another item has a result. */
  succeeded(): void;
  /** Another item has failed. */
  failed(): void;
  hide(): void;
  stop(): void;
}

/** For a stderr that is not a terminal. */
const silent: Progress = {
  start: () => undefined,
  setTotal: () => undefined,
  partly: () => undefined,
  succeeded: () => undefined,
  failed: () => undefined,
  hide: () => undefined,
  stop: () => undefined,
};

/** `knownTotal` is undefined until the items are counted. The library is loaded only if `stream` is a terminal. */
export async function createProgress(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  knownTotal: number | undefined,
): Promise<Progress> {
  if (stream.isTTY !== true) return silent;
  let total = knownTotal;
  const { default: library } = await import("cli-progress");
  let done = 0;
  let partly = 0;
  let failed = 0;
  const bar = new library.SingleBar(
    {
      stream: withoutCursorMemory(stream),
      fps: 10,
      // formatProgress fits the line to the terminal. Turning wrapping off would outlive a killed process.
      linewrap: true,
      // The command handles Ctrl-C itself: it still has results to write.
      gracefulExit: false,
      forceRedraw: true,
      clearOnComplete: true,
      format: (options: Options, { value, startTime, maxWidth }: Params) =>
        formatProgress({
          done: value,
          partly,
          failed,
          total,
          elapsed: Date.now() - startTime,
          width: maxWidth,
          bar: (share) => library.Format.BarFormat(share, options),
        }),
    },
    library.Presets.shades_classic,
  );
  return {
    start: () => bar.start(total ?? 0, 0),
    setTotal(found) {
      total = found;
      bar.setTotal(found);
    },
    // The next tick shows it.
    partly: (change) => void (partly += change),
    succeeded: () => bar.update(++done),
    failed() {
      failed += 1;
      bar.update(++done);
    },
    hide: () => void (bar.isActive && stream.write("\r\u001B[K")),
    stop: () => bar.stop(),
  };
}

/**
 * The library saves the cursor position when it starts and restores it when it stops. By then other lines have scrolled
 * that row away, so the library gets a stream that drops both escape sequences.
 */
function withoutCursorMemory(stream: NodeJS.WritableStream): NodeJS.WritableStream {
  const write = (text: string, ...rest: []): boolean =>
    text === "\u001B7" || text === "\u001B8" ? true : stream.write(text, ...rest);
  return new Proxy(stream, {
    get: (target, key): unknown => (key === "write" ? write : Reflect.get(target, key, target)),
  });
}

export interface ProgressState {
  readonly done: number;
  /** The sum of the parts that unfinished items have reported. */
  readonly partly: number;
  readonly failed: number;
  readonly total: number | undefined;
  /** Milliseconds since the start. */
  readonly elapsed: number;
  /** Columns of the terminal. */
  readonly width: number;
  bar(share: number): string;
}

/** One line that fits the terminal. If it is too narrow, the bar itself is left out first. */
export function formatProgress(state: ProgressState): string {
  const { done, failed, elapsed, width } = state;
  // A file that grows while it is read has more items than were counted.
  const total = state.total !== undefined && done <= state.total ? state.total : undefined;
  const reached = done + state.partly;
  const rate = elapsed > 0 ? (reached * 1000) / elapsed : 0;
  const parts = [total === undefined ? `${done} items` : `${done}/${total}`, `${formatRate(rate)}/s`];
  if (total !== undefined) {
    parts.push(reached > 0 ? `${formatTime(Math.max(0, total - reached) / rate)} left` : "-:-- left");
  }
  if (failed > 0) parts.push(`${failed} failed`);
  const text = parts.join("  ");
  if (total === undefined) return text.slice(0, width);
  const share = total === 0 ? 1 : Math.min(1, reached / total);
  const withBar = `${state.bar(share)} ${String(Math.floor(share * 100)).padStart(3)}%  ${text}`;
  return withBar.length < width ? withBar : text.slice(0, width);
}

function formatRate(rate: number): string {
  return rate >= 100 ? String(Math.round(rate)) : rate.toFixed(1);
}

function formatTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
