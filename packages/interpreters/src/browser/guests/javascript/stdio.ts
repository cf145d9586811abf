/**
 * Target side: output. A worker's console is the browser's, which shows it at once. With a sink, or none, the console's methods are replaced.
 */
import { BroadcastChannel } from "../../../platform/broadcast.js";
import { inspect } from "../../../platform/inspect.js";
import type { BootOutput, OutputMessage } from "../../../wire/boot.js";

const METHODS = {
  stdout: ["log", "info", "debug", "dir", "table"],
  stderr: ["error", "warn", "trace"],
} as const;

/** Makes `console` write as `output` says. */
export function installStdio(output?: BootOutput): void {
  const channel = output?.channel === undefined ? undefined : new BroadcastChannel(output.channel);
  for (const name of ["stdout", "stderr"] as const) {
    const to = output?.[name] ?? "inherit";
    if (to === "inherit") continue;
    const write = (...args: unknown[]): void => {
      if (to !== "sink") return;
      const text = args.map((each) => (typeof each === "string" ? each : inspect(each))).join(" ");
      channel?.postMessage([name, `${text}\n`] satisfies OutputMessage);
    };
    for (const method of METHODS[name])
      Object.defineProperty(console, method, { value: write, writable: true, configurable: true });
  }
}
