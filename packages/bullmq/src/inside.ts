/** Loaded in the interpreters of `processor`: gives a function of the user the job as BullMQ's sandboxed processors do. */

/** A method of the job that runs where the job is. */
type Host = (run: number, method: string, args: unknown[]) => Promise<unknown>;

/** Calls a job's function. `host` calls the methods of the job, which it knows as `run`. */
export async function runJob(
  url: string,
  exported: string,
  data: Record<string, unknown>,
  methods: readonly string[],
  run: number,
  host: Host,
): Promise<unknown> {
  const module = (await import(url)) as Record<string, unknown>;
  const fn = module[exported] ?? (module["default"] as Record<string, unknown> | undefined)?.[exported];
  if (typeof fn !== "function") throw new TypeError(`${url} exports no function named ${exported}`);
  const job: Record<string, unknown> = { ...data };
  for (const method of methods) job[method] = (...args: unknown[]) => host(run, method, args);
  return await (fn as (job: unknown, token: unknown) => unknown)(job, data["token"]);
}
