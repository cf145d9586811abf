/**
 * Every class of this runtime: an instance arrives as the runtime's own postMessage delivers it, or is refused, and never as
 * something else. `isShareable` and `put` agree.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Verdict } from "./builtin-classes.js";

const program = fileURLToPath(new URL("builtin-classes.js", import.meta.url));

/** A function with the prototype of a class, which makes Buffers. */
const noClasses = ["buffer.SlowBuffer"];

describe("instances of the classes that this runtime exports", { timeout: 120_000 }, () => {
  it("arrive as themselves, move or are refused", (test) => {
    const printed = execFileSync(process.execPath, [program], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const last = printed.trim().split("\n").at(-1)!;
    const { tried, covered, arrived, moved, refused, leftOut, wrong } = JSON.parse(last) as Verdict;
    test.diagnostic(
      `${tried} objects of ${covered} classes: ${arrived.length} arrive, ${moved.length} move, ${refused.length} are refused; ` +
        `${leftOut.length} classes without an instance`,
    );
    assert.deepEqual(wrong, []);
    assert.ok(covered > 180, `only ${covered} classes`);
    const others = leftOut.filter((place) => !noClasses.includes(place));
    if (process.platform === "linux") {
      assert.deepEqual(others, [], "builtin-instances.ts must make instances of these classes, too");
    }
    const has = (list: readonly string[], names: readonly string[]): void =>
      assert.deepEqual(
        names.filter((name) => !list.includes(name)),
        [],
      );
    has(arrived, ["globalThis.Map", "globalThis.Date", "env", "WebAssembly.Module", "CryptoKey"]);
    has(moved, ["MessagePort", "FileHandle", "globalThis.ReadableStream", "AbortSignal that moves"]);
    has(refused, ["Hash", "ECDH", "Cipheriv", "WebAssembly.Instance", "arguments", "vm.Script"]);
  });
});
