/** What the examples' command lines have in common. */

/** Reads an option's text as a whole number from 1 on, or throws what the user should read. */
export function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`--${option} takes a whole number from 1 on, not "${text}"`);
}

/**
 * Runs an example's main part with the options it was given.
 *
 * @returns the exit code: 2, with the usage, where the options are wrong; 0, with the usage, where it was asked for;
 * otherwise what `run` returns, or 1, with the message, where it throws.
 */
export async function runCommand<O extends { readonly help: boolean }>(
  usage: string,
  parse: () => O,
  run: (options: O) => Promise<number>,
): Promise<number> {
  let options: O;
  try {
    options = parse();
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  try {
    return await run(options);
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
