/** The screen of `interpreters top`, as lines of text. */
import { type InterpreterSnapshot, ratesOf, type Snapshot } from "./snapshot.js";

/** The orders of interpreters, by the key that chooses each. */
export const SORTS: Readonly<Record<string, Sort>> = {
  i: "id",
  n: "name",
  s: "state",
  t: "time",
  u: "utilisation",
  m: "memory",
};
export type Sort = "id" | "name" | "state" | "time" | "utilisation" | "memory";

/** Milliseconds: an event loop that has said nothing for so long is blocked. */
const BLOCKED = 1500;

const NORMAL = "\u001B[0m";
const BOLD = "\u001B[1m";
const DIM = "\u001B[2m";
const REVERSE = "\u001B[7m";

export interface View {
  readonly sort: Sort;
  /** The interpreter that is selected, if any. */
  readonly selected: number | undefined;
  /** The last line: a question, or what a key has done. */
  readonly message: string;
  readonly columns: number;
  readonly rows: number;
  /** Whether to use the terminal's attributes. */
  readonly styled: boolean;
}

export function sorted(snapshot: Snapshot, sort: Sort): InterpreterSnapshot[] {
  const time = ({ executing }: InterpreterSnapshot): number => Math.max(-1, ...executing.map(({ ms }) => ms));
  const by: Readonly<Record<Sort, (a: InterpreterSnapshot, b: InterpreterSnapshot) => number>> = {
    id: () => 0,
    name: (a, b) => (a.name ?? "").localeCompare(b.name ?? ""),
    state: (a, b) => stateOf(b).localeCompare(stateOf(a)),
    time: (a, b) => time(b) - time(a),
    utilisation: (a, b) => (b.utilisation ?? -1) - (a.utilisation ?? -1),
    memory: (a, b) => (b.heap ?? -1) - (a.heap ?? -1),
  };
  return snapshot.interpreters.toSorted((a, b) => by[sort](a, b) || a.id - b.id);
}

/** Lines that fit into the view. Without rows (0), all of them. */
export function render(snapshot: Snapshot, before: Snapshot | undefined, view: View): string[] {
  const style = (codes: string, text: string): string => (view.styled ? `${codes}${text}${NORMAL}` : text);
  const fit = (text: string): string => {
    const line = printable(text);
    return line.length > view.columns ? `${line.slice(0, view.columns - 1)}…` : line;
  };
  const head = (line: string): string => style(DIM, fit(line));
  const lines = [style(BOLD, fit(title(snapshot, before))), ""];

  lines.push(head(row(["ID", "NAME", "STATE", "FOR", "LINE", "LOOP", "HEAP", "EXECUTES"], INTERPRETER)));
  for (const each of sorted(snapshot, view.sort)) {
    const line = fit(interpreterLine(each));
    lines.push(each.id === view.selected ? style(REVERSE, line.padEnd(view.columns)) : line);
  }
  if (snapshot.pools.length > 0) {
    lines.push(
      "",
      head(
        row(["POOL", "WORKERS", "IN LINE", "RUNNING", "DONE", "FAILED", "WAIT p50/p99", "RUN p50/p99"], POOL),
      ),
    );
    for (const { name, workers, maxWorkers, inLine, running, stats } of snapshot.pools) {
      const { completed, failed, waitTime, runTime } = stats;
      const cells = [
        name,
        `${workers.length}/${maxWorkers}`,
        String(inLine),
        String(running),
        String(completed),
        String(failed),
        `${duration(waitTime.p50)} / ${duration(waitTime.p99)}`,
        `${duration(runTime.p50)} / ${duration(runTime.p99)}`,
      ];
      lines.push(fit(row(cells, POOL)));
    }
  }
  if (snapshot.queues.length > 0) {
    const rates = ratesOf(before, snapshot);
    lines.push("", head(row(["QUEUE", "ITEMS", "MAX", "GETTERS", "PUTTERS", "PUT/s", "TAKEN/s"], QUEUE)));
    for (const { id, size, maxsize, getters, putters } of snapshot.queues) {
      const rate = rates.get(id);
      const cells = [
        String(id),
        String(size),
        maxsize > 0 ? String(maxsize) : "-",
        String(getters),
        String(putters),
        rate === undefined ? "-" : rate.put.toFixed(0),
        rate === undefined ? "-" : rate.taken.toFixed(0),
      ];
      lines.push(fit(row(cells, QUEUE)));
    }
  }
  if (view.rows === 0) return lines;
  const shown = lines.slice(0, view.rows - 2);
  if (lines.length > shown.length)
    shown[shown.length - 1] = head(`… ${lines.length - shown.length + 1} more lines`);
  while (shown.length < view.rows - 2) shown.push("");
  const keys = `sort: i n s t u m   select: ↑ ↓   k: terminate   q: quit   (sorted by ${view.sort})`;
  return [...shown, fit(view.message), head(keys)];
}

/** Names are the other process's: they must not move the cursor, or do what else a terminal can be told to. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** Widths of columns; negative ones are aligned right. The last cell takes what it needs. */
const INTERPRETER = [-4, 18, 9, -8, -5, -5, -8, 0];
const POOL = [18, -8, -8, -8, -9, -7, -18, -18];
const QUEUE = [-8, -8, -8, -8, -8, -9, -9];

function row(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => {
      const width = Math.abs(widths[i]);
      if (width === 0) return cell;
      const short = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
      return widths[i] < 0 ? short.padStart(width) : short.padEnd(width);
    })
    .join(" ")
    .trimEnd();
}

function title({ pid, title: what, node, uptime, cpu, rss }: Snapshot, before: Snapshot | undefined): string {
  const parts = [
    `${pid}`,
    what === "" ? undefined : what,
    `Node ${node.slice(1)}`,
    `up ${duration(uptime * 1000)}`,
  ];
  if (before !== undefined && uptime > before.uptime) {
    const used = cpu.user + cpu.system - before.cpu.user - before.cpu.system;
    parts.push(`CPU ${(used / 1e4 / (uptime - before.uptime)).toFixed(0)} %`);
  }
  parts.push(`RSS ${size(rss)}`);
  return parts.filter((part) => part !== undefined).join("   ");
}

function stateOf({ state, silent }: InterpreterSnapshot): string {
  return state === "idle" && silent !== null && silent > BLOCKED ? "blocked" : state;
}

function interpreterLine(each: InterpreterSnapshot): string {
  const { id, name, executing, waiting, utilisation, heap, silent } = each;
  const state = stateOf(each);
  const longest = Math.max(...executing.map(({ ms }) => ms));
  const since = executing.length > 0 ? duration(longest) : state === "blocked" ? duration(silent ?? 0) : "";
  const more = executing.length > 1 ? ` (and ${executing.length - 1} more)` : "";
  const what = executing.length > 0 ? `${executing[0].what}${more}` : "";
  const cells = [
    String(id),
    name ?? "",
    state,
    since,
    waiting === 0 ? "" : String(waiting),
    utilisation === null || state === "blocked" ? "-" : `${(utilisation * 100).toFixed(0)}%`,
    heap === null ? "-" : size(heap),
    what,
  ];
  return row(cells, INTERPRETER);
}

function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)}ms`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

function size(bytes: number): string {
  const mebi = bytes / 1_048_576;
  return mebi < 1024 ? `${mebi.toFixed(mebi < 10 ? 1 : 0)}M` : `${(mebi / 1024).toFixed(1)}G`;
}
