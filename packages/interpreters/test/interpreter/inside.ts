/** What the tests have interpreters say and do with the package themselves. */
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

/** What an operation with an argument that fits says: name and code of the error, or the result. */
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

/** Creates an interpreter that only this one holds; its id. */
export function keepOne(): number {
  const made = create();
  (globalThis as { kept?: unknown }).kept = made;
  return made.id;
}
