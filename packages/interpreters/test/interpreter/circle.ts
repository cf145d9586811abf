/** Functions that run in interpreters and make these call each other. */
import { fromModule, getCurrent, type Interpreter, type Queue } from "interpreters";

const here = fromModule<typeof import("./circle.js")>(import.meta.url);

export type Blocking = "callSync" | "execSync" | "prepareMainSync" | "viewSync" | "closeSync" | "dispose";

export function onItself(form: Blocking): void {
  block(form, getCurrent());
}

/** Calls the first interpreter of `path`, blocking, which calls the next; the last call has the given form. */
export function around(form: Blocking, path: Interpreter[], said: Queue<string>): void {
  const [next, ...rest] = path;
  if (rest.length === 0) block(form, next, said);
  else next.callSync(here.around, form, rest, said);
}

function block(form: Blocking, interp: Interpreter, said?: Queue<string>): void {
  if (form === "callSync") interp.callSync((said?: Queue<string>) => said?.putNowait("ran"), said);
  else if (form === "viewSync")
    interp.with({ timeout: 60_000 }).callSync((said?: Queue<string>) => said?.putNowait("ran"), said);
  else if (form === "execSync") interp.execSync("1");
  else if (form === "prepareMainSync") interp.prepareMainSync({ ran: true });
  else if (form === "closeSync") interp.closeSync({ wait: true });
  else interp[Symbol.dispose]();
}

export function meet(other: Interpreter, ready: Queue<string>, go: Queue<string>): string {
  ready.putNowait("ready");
  go.getSync();
  return other.callSync(() => "answered");
}

/** Makes `other` call back into this interpreter, which cannot reply before this call has ended. */
export async function callBackLater(other: Interpreter, self: Interpreter): Promise<string> {
  return await other.call((self: Interpreter) => {
    void self.call(() => 1).catch(() => {});
    return "called back";
  }, self);
}
