/** No worker can tell. So closing cuts what its code has begun and not awaited. */
export const whyAlive = (): "io" | "timers" | "handles" | "jobs" => "handles";

/** The rule that asks does not hold there. */
export const pendingTurns = (): number => Infinity;
