/** The parts that the command lines of the examples share. */

/** Parses the value of an option as a whole number from 1. Throws a TypeError with a message for the user. */
export function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`--${option} takes a whole number from 1 on, not "${text}"`);
}

/**
 * Parses the options of an example and runs it.
 *
 * @returns the exit code: 2 if the options are wrong, and 0 if help is requested, both after printing the usage; 1 if
 * `run` throws, after printing the message; otherwise the result of `run`
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
