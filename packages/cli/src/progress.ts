/**
 * The progress bar on a terminal: how many, how fast, how long still.
 *
 * It shares the terminal with other lines: `hide` takes it away before something is written there, and the next
 * tick draws it again below.
 */

import type { Options, Params } from "cli-progress";

export interface Progress {
  start(): void;
  /** It has turned out how many there are. */
  setTotal(total: number): void;
  /** `done` items are through, `failed` of them badly. */
  update(done: number, failed: number): void;
  hide(): void;
  stop(): void;
}

/** For a stderr that is no terminal. */
const silent: Progress = {
  start: () => undefined,
  setTotal: () => undefined,
  update: () => undefined,
  hide: () => undefined,
  stop: () => undefined,
};

/** `knownTotal` is undefined where nobody knows it yet. The library is loaded only where there is a terminal. */
export async function createProgress(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  knownTotal: number | undefined,
): Promise<Progress> {
  if (stream.isTTY !== true) return silent;
  let total = knownTotal;
  const { default: library } = await import("cli-progress");
  let failedSoFar = 0;
  const bar = new library.SingleBar(
    {
      stream: withoutCursorMemory(stream),
      fps: 10,
      // The line is cut to the terminal below; nothing to be switched off that a killed process could not restore.
      linewrap: true,
      // Ctrl-C is the command's business: it still has results to write.
      gracefulExit: false,
      forceRedraw: true,
      clearOnComplete: true,
      format: (options: Options, { value, startTime, maxWidth }: Params) =>
        formatProgress({
          done: value,
          failed: failedSoFar,
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
    update(done, failed) {
      failedSoFar = failed;
      bar.update(done);
    },
    hide: () => void (bar.isActive && stream.write("\r\u001B[K")),
    stop: () => bar.stop(),
  };
}

/**
 * The library saves the cursor when it starts and returns there when it stops: to a row that other lines, printed
 * meanwhile, have scrolled away. So it gets a stream that does not pass that on.
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
  readonly failed: number;
  readonly total: number | undefined;
  /** Milliseconds since the start. */
  readonly elapsed: number;
  /** Columns of the terminal. */
  readonly width: number;
  bar(share: number): string;
}

/** One line, as long as the terminal allows: the bar itself is the first thing to go. */
export function formatProgress(state: ProgressState): string {
  const { done, failed, elapsed, width } = state;
  // A file that grows while it is read has more than were counted.
  const total = state.total !== undefined && done <= state.total ? state.total : undefined;
  const rate = elapsed > 0 ? (done * 1000) / elapsed : 0;
  const parts = [total === undefined ? `${done} items` : `${done}/${total}`, `${formatRate(rate)}/s`];
  if (total !== undefined) {
    parts.push(done > 0 ? `${formatTime((total - done) / rate)} left` : "-:-- left");
  }
  if (failed > 0) parts.push(`${failed} failed`);
  const text = parts.join("  ");
  if (total === undefined) return text.slice(0, width);
  const share = total === 0 ? 1 : done / total;
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
