/** A page without the headers that isolate it. */
import { create, fromModule, isShareable } from "interpreters";
import { check, done, equal, failure, matches } from "./checks.js";

await check("the package loads, and its first use says which headers are missing", async () => {
  fromModule(new URL("./tasks.js", import.meta.url));
  equal(isShareable(1), true);
  const error = await failure(() => create());
  equal(error.code, "ERR_INTERPRETER_ISOLATION");
  matches(
    error.message,
    /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/,
  );
});

await done();
