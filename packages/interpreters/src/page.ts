/**
 * The module that a page loads (scripts/browser.mjs): the package's exports, with the page's thread as the main interpreter. A worker that the
 * package did not start may load it as well, with the same meaning; in an interpreter it gives out what that has.
 */
import copies from "./base/copies.cjs";
import type { Api } from "./api.js";
import * as index from "./index.js";
import { start, type Files } from "./platform/browser/start.js";
import { setTexts } from "./platform/browser/threads.js";
import { forbidBlocking } from "./browser/blocking.js";

const here = globalThis as { [copies.API]?: Api };

function load(): Api {
  if (start.files.supervisor === "") {
    start.files = {
      first: new URL("./browser-first.js", import.meta.url).href,
      supervisor: new URL("./browser-supervisor.js", import.meta.url).href,
      interpreter: new URL("./browser-interpreter.js", import.meta.url).href,
      api: new URL("./browser-api.js", import.meta.url).href,
      parsers: new URL("./browser-parsers.js", import.meta.url).href,
    };
    setTexts(async () => {
      const { texts } = (await textsOfBuild()) as { texts: Omit<Files, "first"> };
      const urls = Object.entries(texts).map(async ([name, text]) => [name, await urlOf(text)]);
      const files = Object.fromEntries(await Promise.all(urls)) as Files;
      return { ...files, first: files.supervisor };
    });
  }
  forbidBlocking(index);
  return index;
}

/** Of the build. A bundler makes it a part of its own, which is loaded only when it is needed. */
// @ts-expect-error -- it does not exist when this is compiled
const textsOfBuild = (): Promise<object> => import("./browser-texts.mjs") as Promise<object>;

/** Makes a URL of a script, which is compressed (`deflate-raw`) and in base64. */
async function urlOf(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const text = await new Response(stream).text();
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

export const api: Api = (here[copies.API] ??= load());
