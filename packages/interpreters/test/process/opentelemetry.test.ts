/** The context of OpenTelemetry travels with work, and what runs elsewhere is a child of the caller's span. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startScenario, WATCHDOG } from "../support/processes.js";

interface Span {
  readonly name: string;
  readonly id: string;
  readonly trace: string;
  readonly parent?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
  readonly exceptions: number;
}

test("calls and tasks are spans below the caller's", { timeout: 2 * WATCHDOG }, async () => {
  const setup = new URL("./opentelemetry.setup.js", import.meta.url);
  const { code, stdout, stderr } = await startScenario(
    new URL("./opentelemetry.scenarios.js", import.meta.url),
    "main",
    { nodeArgs: ["--import", setup.href] },
  ).ended;
  assert.equal(code, 0, stderr);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Span & { baggage?: string });
  const spans = new Map(lines.filter(({ name }) => name !== undefined).map((span) => [span.name, span]));
  assert.deepEqual(
    lines.filter(({ name }) => name === undefined),
    [{}, { baggage: "ada" }],
  );
  const names = ["task", "baggage", "fails", "Math.sqrt", "counts", "exec", "outer", "innermost", "request"];
  assert.deepEqual([...spans.keys()].sort(), names.sort());
  const request = spans.get("request");
  for (const [name, span] of spans) {
    assert.equal(span.trace, request?.trace);
    if (name === "request") continue;
    const parent = name === "innermost" ? spans.get("outer") : request;
    assert.equal(span.parent, parent?.id, name);
    assert.ok((span.attributes["interpreters.id"] as number) > 0);
  }
  const failed = spans.get("fails");
  assert.deepEqual(failed?.status, { code: 2, message: "too far" });
  assert.equal(failed.exceptions, 1);
  assert.equal(spans.get("task")?.status.code, 0);
});

test(
  "telemetry that fails changes no outcome, nor does it matter what was thrown",
  { timeout: 2 * WATCHDOG },
  async () => {
    const setup = new URL("./opentelemetry.setup.js", import.meta.url);
    const outcomes: string[][] = [];
    for (const args of [["--import", setup.href], []]) {
      const { code, stdout, stderr } = await startScenario(
        new URL("./opentelemetry.scenarios.js", import.meta.url),
        "odd",
        { nodeArgs: args, env: { BROKEN: "1" } },
      ).ended;
      assert.equal(code, 0, stderr);
      outcomes.push(stdout.trim().split("\n"));
    }
    assert.deepEqual(outcomes[0], outcomes[1]);
    assert.deepEqual(outcomes[0].slice(-2), ["2", "5"]);
  },
);
