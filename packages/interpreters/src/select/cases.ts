/** The cases that a select is given, and the type of what it returns. */
import { show } from "../base/check.js";
import { Future } from "../futures/future.js";
import type { Runtime } from "../thread/runtime.js";
import { type Contender, enter, type SelectCase } from "./contender.js";
import { FutureContender } from "./future-case.js";

/** A possible case of a `select`: an operation, or a future, whose case is ready when it is done. */
export type Selectable<T = unknown> = SelectCase<T> | Future<T>;

/** The cases of a `select`: a list, whose result says the index, or an object, whose result says the name. */
export type SelectCases = readonly Selectable[] | { readonly [name: string]: Selectable };

type ValueOf<C> = C extends SelectCase<infer T> ? T : C extends Future<infer T> ? T : never;
type IndexOf<Key> = Key extends `${infer I extends number}` ? I : number;

/** How a case ended: with a value, or, if the result shows errors (`settled`), in the shape of `Promise.allSettled`. */
type Ending<T, Settled> = Settled extends true
  ? | { readonly status: "fulfilled"; readonly value: T }
    | { readonly status: "rejected"; readonly reason: unknown }
  : { readonly value: T };

type ChosenCase<Cases, Settled> = Cases extends readonly unknown[]
  ? number extends Cases["length"]
    ? { readonly index: number } & Ending<ValueOf<Cases[number]>, Settled>
    : { [K in keyof Cases]: { readonly index: IndexOf<K> } & Ending<ValueOf<Cases[K]>, Settled> }[number]
  : { [K in keyof Cases]: { readonly name: K } & Ending<ValueOf<Cases[K]>, Settled> }[keyof Cases];

type NoCase<Cases, Default, Settled> = Default extends true
  ? (Cases extends readonly unknown[] ? { readonly index: -1 } : { readonly name: "default" }) &
      Ending<undefined, Settled>
  : never;

/**
 * The result of a `select`: a union with one member for each case. Test `index` (or `name`), and TypeScript knows the type of `value`.
 *
 * @typeParam Cases the cases
 * @typeParam Default whether there is a result without any case
 * @typeParam Settled whether it shows a case's error as `reason`
 */
export type Selected<
  Cases extends SelectCases,
  Default extends boolean = false,
  Settled extends boolean = false,
> = ChosenCase<Cases, Settled> | NoCase<Cases, Default, Settled>;

/** The cases of one select, by index. */
export interface Entries {
  /** The names, if they have any. */
  readonly names: readonly string[] | undefined;
  readonly cases: readonly Selectable[];
}

/** @throws TypeError they are not cases */
export function entriesOf(what: string, given: SelectCases): Entries {
  if (
    typeof given !== "object" ||
    given === null ||
    Symbol.iterator in given !== Array.isArray(given) ||
    isSelectable(given)
  ) {
    throw new TypeError(
      `${what}: expected an array of cases, or an object of named ones, found ${show(given)}`,
    );
  }
  const list = Array.isArray(given) ? (given as readonly Selectable[]) : undefined;
  const names = list === undefined ? Object.keys(given) : undefined;
  const cases = list === undefined ? Object.values(given as Record<string, Selectable>) : [...list];
  const wrong = cases.findIndex((each) => !isSelectable(each));
  if (wrong !== -1) {
    const place = names === undefined ? `cases[${wrong}]` : `cases.${names[wrong]}`;
    throw new TypeError(
      `${what}: ${place} must be a case (onGet, onPut, onAcquire, onSet) or a Future, found ${show(cases[wrong])}`,
    );
  }
  return { names, cases };
}

/** Makes a contender of each case. The caller must end them. @throws NotShareableError, TypeError a case cannot happen */
export function enterAll(rt: Runtime, cases: readonly Selectable[]): Contender[] {
  const contenders: Contender[] = [];
  try {
    for (const each of cases) contenders.push(enter in each ? each[enter](rt) : new FutureContender(each));
    return contenders;
  } catch (error) {
    endAll(contenders);
    throw error;
  }
}

export function endAll(contenders: readonly Contender[]): void {
  for (const contender of contenders) contender.end();
}

/** The cases in words, the first ones if there are many. */
export function describe(cases: readonly Selectable[]): string {
  const words = cases.slice(0, SHOWN).map((each) => (enter in each ? String(each) : "a future"));
  if (cases.length > SHOWN) words.push(`${cases.length - SHOWN} more`);
  return words.join(", ");
}

const SHOWN = 5;

function isSelectable(value: unknown): value is Selectable {
  return typeof value === "object" && value !== null && (enter in value || value instanceof Future);
}
