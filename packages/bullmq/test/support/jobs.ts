/** What BullMQ's workers run by way of `processor`. */
interface SandboxedJob {
  readonly id: string;
  readonly name: string;
  readonly data: { readonly n: number; readonly do?: string };
  readonly attemptsMade: number;
  updateProgress(value: number): Promise<void>;
  log(row: string): Promise<number>;
}

export default async function run(job: SandboxedJob, token: string): Promise<unknown> {
  const { n, do: what } = job.data;
  if (what === "exit" && job.attemptsMade === 0) process.exit(3);
  if (what === "hang") for (;;);
  if (what === "throw") throw new RangeError(`no ${n}`);
  if (what === "report") {
    await job.updateProgress(50);
    await job.log("half");
  }
  return { square: n * n, name: job.name, token: typeof token };
}

export function twice(job: SandboxedJob): number {
  return job.data.n * 2;
}
