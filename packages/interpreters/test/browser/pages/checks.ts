/** What the pages of these tests report with. */

declare const fetch: (url: string, options: object) => Promise<unknown>;

const send = (report: object): Promise<unknown> =>
  fetch("/report", { method: "POST", body: JSON.stringify(report), keepalive: true });

const LIMIT = 20_000;

/** Runs a check and reports how it went. Checks run one after the other. */
export async function check(name: string, run: () => unknown): Promise<void> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`it took longer than ${LIMIT} ms`)), LIMIT);
  });
  try {
    const figures = await Promise.race([run(), limit]);
    await send({ name, ok: true, ...(typeof figures === "object" && { figures }) });
  } catch (error) {
    const { stack, message } = error as Error;
    await send({ name, ok: false, detail: `${message ?? String(error)}\n${stack ?? ""}` });
  } finally {
    clearTimeout(late);
  }
}

export const done = (): Promise<unknown> => send({ done: true });

export function equal(found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map((each) => JSON.stringify(each) ?? String(each));
  if (a !== b) throw new Error(`expected ${b}, found ${a}`);
}

/** The error that something ends with. */
export async function failure(run: () => unknown): Promise<Error & { code?: string; reason?: string }> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}

export function matches(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${JSON.stringify(text)} does not match ${pattern}`);
}
