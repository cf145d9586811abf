/** Turns SIGINT and SIGTERM into an ordinary exit, so that the exit listeners end the processes that are being measured. */
export function exitOnSignals(): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
}
