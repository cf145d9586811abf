/** The position of an error in a module, as found in the display of the error. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { locationIn } from "../src/module.js";

test("a location is the first file in the display, relative to the working directory if inside it", () => {
  const cases: readonly (readonly [display: string, location: string | undefined])[] = [
    [
      "Error: x\n    at node:internal/modules/esm:1:2\n    at f (file:///work%20here/lib/a.js:3:14)",
      "lib/a.js:3:14",
    ],
    ["Error: x\n    at async file:///work%20here/a.js:3:14\n    at g (/other/b.js:1:1)", "a.js:3:14"],
    ["file:///work%20here/a.js:2\nexport default (\n\nSyntaxError: Unexpected end of input", "a.js:2"],
    ["Error: x\n    at f (/work here/a.js:1:7) {\n  code: 'X'\n}", "a.js:1:7"],
    ["Error: x\n    at Object.<anonymous> (/other/c.cjs:1:7)", "/other/c.cjs:1:7"],
    ["Error: Cannot find package 'x' imported from /work here/a.js", undefined],
    ["", undefined],
  ];
  for (const [display, location] of cases) assert.equal(locationIn(display, "/work here"), location, display);
});
