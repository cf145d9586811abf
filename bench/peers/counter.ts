/** The class whose methods the object cases call. */
export class Counter {
  #count = 0;

  add(n: number): number {
    return (this.#count += n);
  }

  /** Calls `report` as often as `times` says, one call after the other. */
  async callBack(report: (n: number) => Promise<number>, times: number): Promise<void> {
    for (let i = 0; i < times; i++) await report(i);
  }

  /** As `callBack`, in the blocking form. */
  callBackSync(report: { sync(n: number): number }, times: number): void {
    for (let i = 0; i < times; i++) report.sync(i);
  }
}
