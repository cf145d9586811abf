/** The tasks that fail in workers, the same for every package: functions of one argument, called by name. */

const ticks = globalThis as { ticks?: number };

export const tasks = {
  double: (n: unknown) => (n as number) * 2,
  /** Occupies its worker, but not the event loop. */
  bystand: (milliseconds: unknown) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds as number, "stood by")),
  exit: () => process.exit(1),
  hoard() {
    const hoard: number[][] = [];
    for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
  },
  loop() {
    for (;;);
  },
  /** Leaves a timer that throws. */
  leaveTimer(milliseconds: unknown) {
    setTimeout(() => {
      throw new TypeError("foreign");
    }, milliseconds as number);
  },
  uncloneable: () => ({ handlers: [() => 1] }),
  keep: (value: unknown) => value,
  throwIt(value: unknown) {
    throw value;
  },
  throwMany() {
    class HttpError extends RangeError {
      status = 404;
      at = new Date(99);
    }
    const cause = new TypeError("cause");
    throw new AggregateError([new HttpError("first", { cause }), new Error("second")], "both");
  },
  tick() {
    ticks.ticks = 0;
    setInterval(() => ticks.ticks!++, 50);
  },
  ticked: () => ticks.ticks ?? 0,
} satisfies Record<string, (value: unknown) => unknown>;

export type TaskName = keyof typeof tasks;

export const {
  double,
  bystand,
  exit,
  hoard,
  loop,
  leaveTimer,
  uncloneable,
  keep,
  throwIt,
  throwMany,
  tick,
  ticked,
} = tasks;
