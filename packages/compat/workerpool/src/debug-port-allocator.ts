/** Gives each process that the inspector can attach to a port of its own. */
const MAX_PORTS = 65535;

export class DebugPortAllocator {
  readonly #used = new Set<number>();

  get length(): number {
    return this.#used.size;
  }

  /** @throws Error no port is left */
  nextAvailableStartingAt(starting: number): number {
    let port = starting;
    while (this.#used.has(port)) port++;
    if (port >= MAX_PORTS) {
      throw new Error(`WorkerPool debug port limit reached: ${port} >= ${MAX_PORTS}`);
    }
    this.#used.add(port);
    return port;
  }

  releasePort(port: number | undefined): void {
    if (port !== undefined) this.#used.delete(port);
  }
}
