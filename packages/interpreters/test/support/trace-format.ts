/**
 * Checks a trace against the rules of the trace event format, as its public description ("Trace Event Format") states them, and against what
 * Perfetto's importer adds: slices of one thread nest, and an asynchronous event ends after it began, under the same category, id and name.
 */

/** An event, of which nothing is known yet. */
type Raw = Readonly<Record<string, unknown>>;

const SCOPES = ["g", "p", "t"];
const COLOURS = [
  "thread_state_uninterruptible",
  "thread_state_iowait",
  "thread_state_running",
  "thread_state_runnable",
  "thread_state_sleeping",
  "thread_state_unknown",
  "background_memory_dump",
  "light_memory_dump",
  "detailed_memory_dump",
  "vsync_highlight_color",
  "generic_work",
  "good",
  "bad",
  "terrible",
  "black",
  "grey",
  "white",
  "yellow",
  "olive",
  "rail_response",
  "rail_animation",
  "rail_idle",
  "rail_load",
  "startup",
  "heap_dump_stack_frame",
  "heap_dump_object_type",
  "heap_dump_child_node_arrow",
  "cq_build_running",
  "cq_build_passed",
  "cq_build_failed",
  "cq_build_abandoned",
  "cq_build_attempt_runnig",
  "cq_build_attempt_passed",
  "cq_build_attempt_failed",
];
/** Metadata events, and the one argument that each must have. */
const METADATA: Readonly<Partial<Record<string, readonly [argument: string, type: string]>>> = {
  process_name: ["name", "string"],
  process_labels: ["labels", "string"],
  process_sort_index: ["sort_index", "number"],
  thread_name: ["name", "string"],
  thread_sort_index: ["sort_index", "number"],
};

/**
 * Returns what is wrong with the events, each with the number of the event; nothing if all is well. `ended`: whether the process wrote the end, so that
 * nothing may be left open.
 */
export function formatMistakes(events: readonly unknown[], ended = true): string[] {
  const mistakes: string[] = [];
  const wrong = (i: number, what: string): void => {
    mistakes.push(`event ${i}: ${what}: ${JSON.stringify(events[i])}`);
  };
  events.forEach((event, i) => {
    for (const what of mistakesOf(event)) wrong(i, what);
  });
  if (mistakes.length > 0) return mistakes;
  const all = (events as readonly Raw[]).map((event, i) => ({ event, i }));
  checkNesting(all, wrong);
  checkStack(all, wrong, ended);
  checkAsynchronous(all, wrong, ended);
  checkCounters(all, wrong);
  return mistakes;
}

type Numbered = readonly { readonly event: Raw; readonly i: number }[];
type Wrong = (i: number, what: string) => void;

function mistakesOf(event: unknown): string[] {
  if (typeof event !== "object" || event === null || Array.isArray(event)) return ["no object"];
  const { ph, name, pid, tid, ts, dur, cat, id, s, args, cname } = event as Raw;
  const found: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) found.push(what);
  };
  const isTime = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;
  must(typeof name === "string" || ph === "E", "the name is a string");
  must(Number.isInteger(pid) && Number.isInteger(tid), "pid and tid are integers");
  must(
    args === undefined || (typeof args === "object" && args !== null && !Array.isArray(args)),
    "args are an object",
  );
  must(cname === undefined || COLOURS.includes(cname as string), "cname is a reserved colour");
  must(cat === undefined || typeof cat === "string", "the categories are a string");
  if (ph !== "M") must(isTime(ts), "ts is a time in microseconds");
  if (ph === "X") must(isTime(dur), "a complete event has a duration");
  else if (ph === "i") must(s === undefined || SCOPES.includes(s as string), "the scope is g, p or t");
  else if (ph === "C") {
    const values = Object.values((args as object | undefined) ?? {});
    must(values.length > 0 && values.every(Number.isFinite), "the args of a counter are numbers");
  } else if (ph === "b" || ph === "n" || ph === "e") {
    must(typeof id === "string" || Number.isInteger(id), "an asynchronous event has an id");
    must(typeof cat === "string", "an asynchronous event has a category");
  } else if (ph === "M") {
    const known = METADATA[name as string];
    if (known === undefined) must(false, "the metadata event has a known name");
    else must(typeof (args as Raw | undefined)?.[known[0]] === known[1], `args.${known[0]} is a ${known[1]}`);
  } else must(ph === "B" || ph === "E", "the phase is known");
  return found;
}

/** Complete events of one thread: each begins after the one before has ended, or lies within it. */
function checkNesting(all: Numbered, wrong: Wrong): void {
  const slices = all
    .filter(({ event }) => event["ph"] === "X")
    .map(({ event, i }) => ({
      thread: `${event["pid"] as number}.${event["tid"] as number}`,
      from: event["ts"] as number,
      to: (event["ts"] as number) + (event["dur"] as number),
      i,
    }))
    .toSorted((a, b) => a.from - b.from || b.to - a.to);
  const open = new Map<string, number[]>();
  for (const { thread, from, to, i } of slices) {
    const ends = open.get(thread) ?? [];
    open.set(thread, ends);
    while (ends.length > 0 && ends.at(-1)! <= from) ends.pop();
    if (ends.length > 0 && to > ends.at(-1)!) wrong(i, "it ends after the slice in which it began");
    ends.push(to);
  }
}

/** B and E events are a stack of each thread, in the order of their times. */
function checkStack(all: Numbered, wrong: Wrong, ended: boolean): void {
  const stacks = new Map<string, number[]>();
  const events = all.filter(({ event: { ph } }) => ph === "B" || ph === "E");
  for (const { event, i } of events.toSorted(
    (a, b) => (a.event["ts"] as number) - (b.event["ts"] as number),
  )) {
    const thread = `${event["pid"] as number}.${event["tid"] as number}`;
    const stack = stacks.get(thread) ?? [];
    stacks.set(thread, stack);
    if (event["ph"] === "B") stack.push(i);
    else if (stack.pop() === undefined) wrong(i, "it ends what never began");
  }
  if (ended)
    for (const [i] of [...stacks.values()].filter(({ length }) => length > 0)) wrong(i, "it never ends");
}

/** The events of one id nest, and have the names with which they began. */
function checkAsynchronous(all: Numbered, wrong: Wrong, ended: boolean): void {
  const open = new Map<string, { i: number; name: unknown; ts: number }[]>();
  const events = all.filter(({ event: { ph } }) => ph === "b" || ph === "n" || ph === "e");
  for (const { event, i } of events) {
    const { ph, cat, id, name } = event;
    const ts = event["ts"] as number;
    const key = JSON.stringify([event["pid"], cat, id]);
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    if (ph === "b") stack.push({ i, name, ts });
    if (ph !== "e") continue;
    const begin = stack.pop();
    if (begin === undefined) wrong(i, "it ends what never began");
    else if (begin.name !== name) wrong(i, "it ends under another name");
    else if (begin.ts > ts) wrong(i, "it ends before it began");
    if (stack.length === 0) open.delete(key);
  }
  if (ended) for (const [{ i }] of open.values()) wrong(i, "it never ends");
}

/** The values of a counter follow each other in time, and name the same series. */
function checkCounters(all: Numbered, wrong: Wrong): void {
  const last = new Map<string, { ts: number; series: string }>();
  for (const { event, i } of all) {
    if (event["ph"] !== "C") continue;
    const key = `${event["pid"] as number} ${event["name"] as string}`;
    const now = { ts: event["ts"] as number, series: Object.keys(event["args"] as object).join() };
    const before = last.get(key);
    if (before !== undefined && before.ts > now.ts) wrong(i, "it is earlier than the value before it");
    if (before !== undefined && before.series !== now.series) wrong(i, "it has other series than before");
    last.set(key, now);
  }
}
