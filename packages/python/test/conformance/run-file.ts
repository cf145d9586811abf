/** Runs one file of CPython's tests in this process: `run-file.js SUITE TMP REQUEST`. Prints what harness.py reports. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createPython } from "../../src/index.js";
import { canSwitchStacks } from "../../src/threads.js";
import { CACHE } from "../folders.js";

const [suite, tmp, request] = process.argv.slice(2);
process.env["TMPDIR"] = "/tmp";
const harness = fileURLToPath(new URL("../../../test/conformance/", import.meta.url));
const python = await createPython({
  cache: CACHE,
  mounts: { "/suite": suite!, "/harness": harness, "/tmp": tmp! },
  path: ["/harness", "/suite"],
});
const script = `import harness; harness.run(${JSON.stringify(request)})`;
if (canSwitchStacks()) await python.runAsync(script);
else python.run(script);
process.exit(0);
