/**
 * Functions travel as they are written, and the interpreter that gets one analyses it (load.ts): the parser is half as large as all that a page
 * loads.
 */
import type { Analysis } from "../../../guests/javascript/analyse.js";

export { analyse as analyseHere, Unportable } from "../../../guests/javascript/analyse.js";

export const analyse = (source: string, _name: string): Analysis => ({ expression: source, free: [] });
