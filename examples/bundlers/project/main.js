import { run } from "./program.js";

// webpack and rspack would copy the file, without what it imports.
void run(new URL(/* webpackIgnore: true */ "./work.js", import.meta.url));
