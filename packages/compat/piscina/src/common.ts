import { availableParallelism } from "node:os";
import { Movables } from "../../shared/movable.cjs";
import { symbols } from "./symbols";

export const movables = new Movables(symbols);

/** Whether the value says how it is moved. */
export const isTransferable = (value: unknown): boolean => movables.isTransferable(value);
/** Whether the value is marked to be moved. */
export const isMovable = (value: unknown): boolean => movables.isMovable(value);
export const markMovable = (value: object): void => movables.mark(value);

export const getAvailableParallelism = (): number => availableParallelism();

/** The own properties alone: a property of Object.prototype is no option. */
export const ownProperties = <T extends object>(options: T): T =>
  Object.assign(Object.create(null) as T, options);
