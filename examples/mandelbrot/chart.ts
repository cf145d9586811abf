/** The live chart: for each interpreter, the tiles that it drew in the last seconds, and where it was killed. */

const SECONDS = 6;
const LABEL = 90;

interface Row {
  readonly name: string;
  readonly work: { readonly began: number; readonly took: number }[];
  killed?: number;
}

export class Chart {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #rows = new Map<string, Row>();

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
  }

  #row(name: string): Row {
    let row = this.#rows.get(name);
    if (row === undefined) this.#rows.set(name, (row = { name, work: [] }));
    return row;
  }

  /** The interpreter `name` has drawn a tile. */
  add(name: string, began: number, took: number): void {
    this.#row(name).work.push({ began, took });
  }

  /** It was killed. */
  mark(name: string): void {
    this.#row(name).killed = performance.timeOrigin + performance.now();
  }

  draw(living: readonly string[]): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    const now = performance.timeOrigin + performance.now();
    const from = now - SECONDS * 1000;
    const at = (time: number): number => LABEL + ((time - from) / (SECONDS * 1000)) * (width - LABEL);
    for (const name of living) this.#row(name);
    for (const [name, { work, killed }] of this.#rows) {
      while (work.length > 0 && work[0].began + work[0].took < from) work.shift();
      if (killed !== undefined && killed < from) this.#rows.delete(name);
    }
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    const rows = [...this.#rows.values()];
    const tall = Math.min(26, height / Math.max(rows.length, 1));
    rows.forEach(({ name, work, killed }, i) => {
      const top = i * tall;
      context.fillStyle = killed === undefined ? "#d8dee9" : "#ff6b6b";
      context.fillText(name, 4, top + tall / 2);
      context.fillStyle = "#1d2433";
      context.fillRect(LABEL, top + 2, width - LABEL, tall - 4);
      context.fillStyle = "#5ad1a0";
      for (const { began, took } of work) {
        const left = Math.max(LABEL, at(began));
        context.fillRect(left, top + 4, Math.max(1, at(began + took) - left - 0.5), tall - 8);
      }
      if (killed === undefined) return;
      context.fillStyle = "#ff6b6b";
      context.fillRect(at(killed), top + 2, 3, tall - 4);
      context.fillText("killed", Math.min(at(killed) + 6, width - 40), top + tall / 2);
    });
  }
}
