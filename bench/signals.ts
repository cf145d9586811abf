/** Makes SIGINT and SIGTERM an ordinary exit, so that its listeners run: they end the processes that are being measured. */
export function exitOnSignals(): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
}
