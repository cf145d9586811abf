/** Functions that use this package inside an interpreter, for the tests. */
import { create, getCurrent, getMain, Interpreter, listAll } from "interpreters";

export function listIds(): number[] {
  return listAll().map(({ id }) => id);
}

export function describe({ id, name, whence }: Interpreter): {
  id: number;
  name: string | undefined;
  whence: string;
} {
  return { id, name, whence };
}

export function whoAmI(): { current: number; main: number; same: boolean; whence: string } {
  const current = getCurrent();
  return {
    current: current.id,
    main: getMain().id,
    same: new Interpreter(current.id) === current,
    whence: current.whence,
  };
}

export const currentHandle = (): Interpreter => getCurrent();
export const mainHandle = (): Interpreter => getMain();
export const createOne = (name: string): Interpreter => create({ name });
export const idOf = (interp: Interpreter): number => interp.id;

export async function end(interp: Interpreter, how: "close" | "terminate"): Promise<void> {
  await interp[how]();
}

/** Calls an operation with a valid argument. Returns the name, code and message of the error, or the result as a string. */
export async function tryOn(interp: Interpreter, operation: keyof Interpreter): Promise<string> {
  try {
    if (operation === "call") return String(await interp.call(() => 1));
    if (operation === "callSync") return String(interp.callSync(() => 1));
    if (operation === "exec") return String(await interp.exec("1"));
    if (operation === "execSync") return String(interp.execSync("1"));
    if (operation === "prepareMain") return String(await interp.prepareMain({}));
    if (operation === "prepareMainSync") return String(interp.prepareMainSync({}));
    return String(await (interp[operation] as () => unknown)());
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return `${name} ${code}: ${message}`;
  }
}

/** Creates an interpreter that only this one holds. Returns its id. */
export function keepOne(): number {
  const made = create();
  (globalThis as { kept?: unknown }).kept = made;
  return made.id;
}
