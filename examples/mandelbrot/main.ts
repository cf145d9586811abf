/** The page: shows the picture, what each interpreter does, and what becomes of all tiles. */
import { Chart } from "./chart.js";
import { Picture, tilesOf, type View } from "./picture.js";

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

const canvas = element<HTMLCanvasElement>("picture");
const context = canvas.getContext("2d", { willReadFrequently: true })!;
const { width, height } = canvas;
const asked = Number(new URLSearchParams(location.search).get("workers"));
const workers = asked > 0 ? asked : navigator.hardwareConcurrency;

const chart = new Chart(element<HTMLCanvasElement>("chart"));
const picture = new Picture(workers, (tile, { pixels, by, began, took }) => {
  context.putImageData(new ImageData(pixels, tile.width, tile.height), tile.x, tile.y);
  chart.add(by, began, took);
});

let view: View = { re: -0.65, im: 0, step: 3 / width };

function show(next: View): void {
  view = next;
  picture.show(tilesOf(view, width, height));
}

/** Shows what lies around a pixel, which comes to the middle, `factor` times as large. */
function zoom(x: number, y: number, factor: number): void {
  const { re, im, step } = view;
  show({ re: re + (x - width / 2) * step, im: im + (y - height / 2) * step, step: step / factor });
}

async function kill(): Promise<void> {
  const name = await picture.kill();
  if (name !== undefined) chart.mark(name);
}

canvas.addEventListener("click", ({ offsetX, offsetY, shiftKey }) =>
  zoom(offsetX, offsetY, shiftKey ? 0.25 : 4),
);
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoom(event.offsetX, event.offsetY, event.deltaY < 0 ? 1.5 : 1 / 1.5);
  },
  { passive: false },
);
element("kill").addEventListener("click", () => void kill());
element("reset").addEventListener("click", () => show({ re: -0.65, im: 0, step: 3 / width }));

const { numbers } = picture;
let [lastDrawn, lastTime] = [0, performance.now()];

setInterval(() => {
  const now = performance.now();
  const rate = ((numbers.drawn - lastDrawn) / (now - lastTime)) * 1000;
  [lastDrawn, lastTime] = [numbers.drawn, now];
  const lost = numbers.failed;
  element("numbers").textContent =
    `${numbers.drawn} tiles drawn · ${picture.pending} waiting · ${numbers.cancelled} cancelled · ${lost} lost · ` +
    `${numbers.killed} interpreters killed · ${rate.toFixed(0)} tiles/s`;
}, 250);

function frame(): void {
  chart.draw(picture.painters);
  requestAnimationFrame(frame);
}

show(view);
frame();

/** For the test of this page. */
Object.assign(globalThis, {
  mandelbrot: { numbers, settled: () => picture.settled(), zoom, kill, view: () => view, workers },
});
