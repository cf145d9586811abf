/** Scripts travel as they are written, and the interpreter that gets one reads it (script.ts). */
import { isUrl, show } from "../../../base/check.js";
import type { Script } from "../../../guests/javascript/script-description.js";
import { start } from "../../../platform/browser/start.js";
import { isBase, URL } from "../../../platform/browser/urls.js";

export { readScript } from "../../../guests/javascript/script-text.js";

/** @throws TypeError if `filename` is not a string, or `base` is no URL of a page */
export function describeScript(
  source: string,
  filename: unknown = "<exec>",
  base: unknown = start.base,
): Script {
  if (typeof filename !== "string") {
    throw new TypeError(`exec: filename must be a string, found ${show(filename)}`);
  }
  const given = typeof base === "string" ? base : isUrl(base) ? base.href : undefined;
  if (given !== undefined && URL.canParse(given, start.base)) {
    const url = new URL(given, start.base);
    if (isBase(url)) return { source, filename, base: url.href };
  }
  throw new TypeError(
    `exec: base must be an http: or https: URL (such as import.meta.url), found ${show(base)}`,
  );
}
