/** A program that requires addons before it imports the package. ends.test.ts checks its output. */
import { createRequire } from "node:module";
import { fresh } from "./fixtures.js";
import type { Statics } from "./loads.js";

const require = createRequire(import.meta.url);
const [statics, legacy] = [fresh("statics"), fresh("legacy")];
require(statics);
const mine = require(legacy) as Statics;
mine.next();

const { create, fromModule } = await import("interpreters");
const { initialized, next } = fromModule<typeof import("./loads.js")>(new URL("./loads.js", import.meta.url));
const interp = create();
const times = await interp.call(initialized, "require", statics);
const refused = await interp.call(next, legacy).catch((error: Error) => (error.cause as Error).name);
console.log(times, refused, mine.next());
await interp.close();
