/**
 * Target side: output. A worker's console is the browser's, which shows it at once. With a sink, or none, the console's methods are replaced.
 */
import { inspect } from "../../../platform/inspect.js";
import { senderTo } from "../../../thread/output-channel.js";
import type { BootOutput } from "../../../wire/boot.js";

const METHODS = {
  stdout: ["log", "info", "debug", "dir", "table"],
  stderr: ["error", "warn", "trace"],
} as const;

/** Makes `console` write as `output` says. */
export function installStdio(output?: BootOutput): void {
  const send = output?.channel && senderTo(output.channel);
  for (const name of ["stdout", "stderr"] as const) {
    const to = output?.[name] ?? "inherit";
    if (to === "inherit") continue;
    const write = (...args: unknown[]): void => {
      if (to !== "sink") return;
      const text = args.map((each) => (typeof each === "string" ? each : inspect(each))).join(" ");
      send?.([name, `${text}\n`]);
    };
    for (const method of METHODS[name])
      Object.defineProperty(console, method, { value: write, writable: true, configurable: true });
  }
}
