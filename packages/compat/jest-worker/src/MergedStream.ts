import { PassThrough } from "node:stream";

/** Several streams as one, which ends when all of them have ended. */
export default class MergedStream extends PassThrough {
  readonly #sources = new Set<NodeJS.ReadableStream>();
  /** Whether more sources may come even if there is none at the moment. */
  #open: boolean;

  constructor(open = false) {
    super();
    this.#open = open;
    this.setMaxListeners(0);
  }

  add(source: NodeJS.ReadableStream): void {
    this.#sources.add(source);
    source.once("end", () => {
      this.#sources.delete(source);
      this.#endIfDone();
    });
    source.pipe(this, { end: false });
  }

  /** No more sources will come. */
  finish(): void {
    this.#open = false;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#open && this.#sources.size === 0) this.end();
  }
}
