/** Checks of options by tables, with the peers' texts. */

/** An option, how its message goes on, and whether a value is good. */
export type OptionCheck<O> = readonly [keyof O & string, string, (value: unknown) => boolean];

export const isNumber =
  (least: number) =>
  (value: unknown): boolean =>
    typeof value === "number" && value >= least;
export const isBoolean = (value: unknown): boolean => typeof value === "boolean";
export const isText = (value: unknown): boolean => typeof value === "string" || value === null;
export const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
export const isQueueLimit = (value: unknown): boolean => value === "auto" || isNumber(0)(value);

/** @throws TypeError an option that is given is bad */
export function checkEach<O extends object>(options: O, checks: readonly OptionCheck<O>[]): void {
  for (const [option, expected, isGood] of checks) {
    const value: unknown = options[option];
    if (value !== undefined && !isGood(value)) throw new TypeError(`options.${option} ${expected}`);
  }
}
