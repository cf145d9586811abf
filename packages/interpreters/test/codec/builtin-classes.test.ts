/** Every class of this runtime: an instance arrives as structured clone delivers it, or is refused, and never as something else. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("builtin-classes.js", import.meta.url));

describe("instances of the classes that this runtime exports", { timeout: 120_000 }, () => {
  it("arrive as themselves or are refused", (test) => {
    const printed = execFileSync(process.execPath, [program], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const last = printed.trim().split("\n").at(-1)!;
    const { tried, skipped, copied, refused, wrong } = JSON.parse(last) as {
      tried: number;
      skipped: string[];
      copied: string[];
      refused: string[];
      wrong: string[];
    };
    test.diagnostic(
      `${tried} tried: ${copied.length} arrive, ${refused.length} are refused; ${skipped.length} cannot be made`,
    );
    assert.deepEqual(wrong, []);
    assert.ok(tried > 150, `only ${tried} could be made`);
    assert.ok(
      ["globalThis.Map", "globalThis.Date", "env"].every((name) => copied.includes(name)),
      String(copied),
    );
    for (const name of [
      "Hash",
      "ECDH",
      "Cipheriv",
      "WebAssembly.Instance",
      "arguments",
      "net.Server",
      "vm.Script",
    ])
      assert.ok(refused.includes(name), `${name} arrives`);
  });
});
