/** A reporter of Node's test runner that writes a line of JSON for each test: its file and name, how it ended, and why it failed. */
import path from "node:path";
import { inspect } from "node:util";

export default async function* outcomes(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite") continue;
    const failed = type === "test:fail";
    const skipped = data.skip !== undefined && data.skip !== false;
    const { error } = data.details ?? {};
    yield `${JSON.stringify({
      test: `${path.basename(data.file ?? "")} › ${data.name}`,
      status: skipped ? "skipped" : failed ? "failed" : "passed",
      message: failed ? inspect(error?.cause ?? error) : "",
    })}\n`;
  }
}
