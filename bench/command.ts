/** The start of every command here: its options, its usage, its exit code. */

/** Runs a command with its options. Prints `usage` with exit code 0 for `--help`, and with 2 if `parse` throws. */
export async function runCommand<Options extends { help?: boolean | undefined }>(
  usage: string,
  parse: () => Options,
  run: (options: Options) => Promise<number>,
): Promise<void> {
  let options: Options;
  try {
    options = parse();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (options.help === true) {
    console.log(usage);
    process.exitCode = 0;
  } else process.exitCode = await run(options);
}
