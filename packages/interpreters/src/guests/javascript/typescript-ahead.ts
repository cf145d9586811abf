/**
 * Caller side: main erases the types of a module whose function is called elsewhere for the first time, if it has loaded an eraser anyway,
 * because the program is written in TypeScript. The first interpreter then need not load one, which takes 25 ms.
 */
import { isMainThread } from "../../platform/threads.js";
import { DerivedTexts, derivedTextsOfMain } from "../../base/derived-texts.js";
import { eraseAhead, isTypeScript, sourceOf } from "./load-typescript.js";
import { hasLoadedEraser } from "./strip.js";

/** How many bytes main erases for a module and its imports, so that it is not busy for longer than about 10 ms. */
const MOST = 64 << 10;

let texts: DerivedTexts | undefined;

/** Call it before a function of the module at `url` is sent. */
export function prepareTypeScript(url: string): void {
  if (!isMainThread || !url.startsWith("file:") || !hasLoadedEraser()) return;
  const file = isTypeScript(url) ? url : sourceOf(url);
  if (file === undefined) return;
  const memory = derivedTextsOfMain();
  if (memory === undefined) return;
  texts ??= new DerivedTexts(memory);
  eraseAhead(file, texts, MOST);
}
