/// <reference lib="dom" />
/**
 * The code of a report's page (report.ts puts its compiled text into the page). It draws the timeline on a canvas, as tens of thousands of
 * elements would be too many; everything else is tables and bars.
 */
import type { PageData } from "./page-data.js";

const FAILED = 1;
const SLOWEST = 25;
const MOST_FAILED = 200;
const MOST_EVENTS = 500;
const LABELS = 190;
const ROW = 22;
const COUNTER = 34;
const AXIS = 22;

const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const data = JSON.parse(byId("data").textContent ?? "") as PageData;

function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}
const began = new Float64Array(bytesOf(data.began));
const ran = new Float32Array(bytesOf(data.ran));
const waited = new Float32Array(bytesOf(data.waited));
const rowOf = new Uint16Array(bytesOf(data.row));
const nameOf = new Uint32Array(bytesOf(data.name));
const stateOf = new Uint8Array(bytesOf(data.state));
const { rows, names, count, length } = data;

/** Microseconds, for people. */
function time(us: number): string {
  if (us < 0) return "unknown";
  const [value, unit] = us < 1e3 ? [us, "µs"] : us < 1e6 ? [us / 1e3, "ms"] : [us / 1e6, "s"];
  return `${value >= 100 || us < 1e3 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)} ${unit}`;
}

function element(tag: string, text = "", className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/** Fills a table. A cell that is a number's text is aligned right; a fraction is a bar. */
function table(id: string, heads: readonly string[], lines: readonly (readonly (string | number)[])[]): void {
  const target = byId(id);
  if (lines.length === 0) {
    target.replaceWith(element("p", "none", "hint"));
    return;
  }
  const isNumber = (text: string | number): boolean =>
    /^[\d.,]+( (µs|ms|s|%|\/s))?$|^unknown$/.test(String(text));
  const head = element("tr");
  for (const [i, text] of heads.entries())
    head.append(element("th", text, isNumber(lines[0][i]) && typeof lines[0][i] === "string" ? "n" : ""));
  target.append(head);
  for (const line of lines) {
    const row = element("tr");
    for (const cell of line) {
      if (typeof cell === "string") row.append(element("td", cell, isNumber(cell) ? "n" : ""));
      else {
        const meter = element("div", "", "meter");
        const bar = element("i");
        bar.style.width = `${(cell * 100).toFixed(1)}%`;
        meter.append(bar);
        const td = element("td", "", "bar");
        td.append(meter);
        row.append(td);
      }
    }
    target.append(row);
  }
}

const number = (value: number): string => Math.round(value).toLocaleString("en");
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Sorted values' percentile. */
function percentile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** How many values lie between powers of two, as bars. */
function histogram(id: string, values: Float32Array): void {
  const target = byId(id);
  const known = values.filter((value) => value >= 0).sort();
  if (known.length === 0) {
    target.append(element("p", "no tasks", "hint"));
    return;
  }
  const bins = new Map<number, number>();
  for (const value of known) {
    const bin = value < 1 ? 0 : Math.floor(Math.log2(value)) + 1;
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const most = Math.max(...bins.values());
  const [first, last] = [Math.min(...bins.keys()), Math.max(...bins.keys())];
  for (let bin = first; bin <= last; bin++) {
    const of = bins.get(bin) ?? 0;
    const line = element("div");
    line.append(element("span", `${time(bin === 0 ? 0 : 2 ** (bin - 1))} – ${time(2 ** bin)}`));
    const bar = element("i");
    bar.style.width = `${(of / most) * 100}%`;
    line.append(bar, element("span", number(of)));
    target.append(line);
  }
  const of = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${time(percentile(known, share))}`);
  target.append(element("p", `${of.join(", ")}, max ${time(known[known.length - 1])}`, "hint"));
}

function summarize(): void {
  let [failed, interrupted] = [0, 0];
  for (const state of stateOf) {
    if (state === FAILED) failed++;
    else if (state === 2) interrupted++;
  }
  const parts = [
    data.process,
    time(length),
    `${number(count)} tasks`,
    `${number(failed)} failed`,
    `${number(interrupted)} interrupted`,
  ];
  if (!data.complete) parts.push("the trace has no end: the process was killed, or still runs");
  byId("summary").textContent = parts.filter((part) => part !== "").join(" · ");
}

function tables(): void {
  const busy = new Float64Array(rows.length);
  const tasks = new Uint32Array(rows.length);
  for (let i = 0; i < count; i++) {
    busy[rowOf[i]] += ran[i];
    tasks[rowOf[i]]++;
  }
  const executing = rows.flatMap((row, i) => (row.executes || tasks[i] > 0 ? [i] : []));
  table(
    "interpreters",
    ["interpreter", "tasks", "busy", "lived", "utilisation", ""],
    executing.map((i) => {
      const lived = Math.max(1, rows[i].to - rows[i].from);
      const share = Math.min(1, busy[i] / lived);
      return [rows[i].label, number(tasks[i]), time(busy[i]), time(lived), percent(share), share];
    }),
  );
  const byName = names.map(() => [] as number[]);
  for (let i = 0; i < count; i++) byName[nameOf[i]].push(i);
  const functions = names.map((name, i) => {
    const times = Float32Array.from(byName[i], (task) => ran[task]).sort();
    const total = times.reduce((sum, each) => sum + each, 0);
    const failed = byName[i].filter((task) => stateOf[task] === FAILED).length;
    return { name, total, failed, times };
  });
  functions.sort((a, b) => b.total - a.total);
  table(
    "functions",
    ["function", "tasks", "failed", "total", "p50", "p99", "max"],
    functions.map(({ name, total, failed, times }) => [
      name,
      number(times.length),
      number(failed),
      time(total),
      ...[0.5, 0.99, 1].map((share) => time(percentile(times, share))),
    ]),
  );
  const all = Array.from({ length: count }, (_, i) => i);
  const line = (i: number): string[] => [
    names[nameOf[i]],
    rows[rowOf[i]].label,
    time(began[i]),
    time(waited[i]),
    time(ran[i]),
  ];
  const slowest = all.toSorted((a, b) => ran[b] - ran[a]).slice(0, SLOWEST);
  table("slowest", ["function", "interpreter", "began at", "waited", "ran"], slowest.map(line));
  const failed = all.filter((i) => stateOf[i] === FAILED || stateOf[i] === 2);
  table(
    "failed",
    ["function", "interpreter", "began at", "waited", "ran", "why"],
    failed.slice(0, MOST_FAILED).map((i) => [...line(i), data.why[i] ?? ""]),
  );
  if (failed.length > MOST_FAILED)
    byId("failed").after(element("p", `and ${number(failed.length - MOST_FAILED)} more`, "hint"));
  table(
    "events",
    ["at", "interpreter", "event"],
    data.instants.slice(0, MOST_EVENTS).map(([at, row, name]) => [time(at), rows[row]?.label ?? "", name]),
  );
}

/* ---- the timeline ---- */
const holder = byId("timeline");
const canvas = holder.querySelector("canvas") as HTMLCanvasElement;
const tip = byId("tip");
const context = canvas.getContext("2d") as CanvasRenderingContext2D;
const whole = Math.max(1, length) * 1.02;
const view = { from: -whole * 0.01, span: whole };
const height = AXIS + rows.length * ROW + data.counters.length * COUNTER + 8;
const color = (name: string): string => getComputedStyle(document.body).getPropertyValue(name).trim();

function draw(): void {
  const width = holder.clientWidth;
  const ratio = window.devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = `${height}px`;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const plot = width - LABELS;
  const scale = plot / view.span;
  const x = (at: number): number => LABELS + (at - view.from) * scale;
  const [ink, dim, lineColor] = [color("--ink"), color("--dim"), color("--line")];
  const fills = [color("--task"), color("--bad"), color("--bad"), color("--wait")];

  drawAxis(width, x, dim, lineColor);
  for (const [i, row] of rows.entries()) {
    const y = AXIS + i * ROW;
    context.fillStyle = lineColor;
    const [left, right] = [Math.max(LABELS, x(row.from)), Math.min(width, x(row.to))];
    if (right > left) context.fillRect(left, y + ROW / 2, right - left, 1);
  }
  drawTasks(width, plot, scale, x, fills);
  context.fillStyle = ink;
  for (const [at, row, name] of data.instants) {
    const left = x(at);
    if (left < LABELS || left > width) continue;
    context.fillStyle = name.startsWith("death") ? fills[1] : color("--good");
    context.fillRect(left - 1, AXIS + row * ROW + 1, 2, ROW - 3);
  }
  for (const [i, [, points]] of data.counters.entries())
    drawCounter(AXIS + rows.length * ROW + i * COUNTER, width, x, points);
  // Over what is left of the plot.
  context.clearRect(0, AXIS, LABELS - 1, height);
  context.fillStyle = ink;
  for (const [i, { label }] of rows.entries())
    context.fillText(label, 6, AXIS + i * ROW + ROW / 2, LABELS - 14);
  context.fillStyle = dim;
  for (const [i, [name]] of data.counters.entries())
    context.fillText(name, 6, AXIS + rows.length * ROW + i * COUNTER + COUNTER / 2, LABELS - 14);
  byId("range").textContent =
    `Shown: ${time(Math.max(0, view.from))} to ${time(Math.min(length, view.from + view.span))}.`;
}

function drawAxis(width: number, x: (at: number) => number, dim: string, lineColor: string): void {
  const power = 10 ** Math.floor(Math.log10(view.span / 6));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power * 7 >= view.span) ?? 10);
  for (let at = Math.ceil(Math.max(0, view.from) / step) * step; at < view.from + view.span; at += step) {
    context.fillStyle = lineColor;
    context.fillRect(x(at), AXIS - 4, 1, height);
    context.fillStyle = dim;
    if (x(at) + 60 < width) context.fillText(time(at), x(at) + 3, 10);
  }
}

/** Tasks narrower than a pixel are added up: the more of it they fill, the darker it is. */
function drawTasks(
  width: number,
  plot: number,
  scale: number,
  x: (at: number) => number,
  fills: readonly string[],
): void {
  const filled = rows.map(() => new Float32Array(plot + 1));
  const bad = rows.map(() => new Uint8Array(plot + 1));
  for (let i = 0; i < count; i++) {
    const left = x(began[i]);
    const wide = ran[i] * scale;
    if (left > width) break;
    if (left + wide < LABELS) continue;
    const row = rowOf[i];
    if (wide < 1.5) {
      const pixel = Math.floor(left - LABELS);
      if (pixel < 0 || pixel > plot) continue;
      filled[row][pixel] += wide;
      if (stateOf[i] === FAILED || stateOf[i] === 2) bad[row][pixel] = 1;
      continue;
    }
    const y = AXIS + row * ROW + 2;
    const begin = Math.max(left, LABELS);
    const visible = Math.min(left + wide, width) - begin;
    context.fillStyle = fills[stateOf[i]];
    context.fillRect(begin, y, Math.max(1, visible - (wide > 3 ? 0.5 : 0)), ROW - 5);
    if (visible > 40) {
      context.fillStyle = "#fff";
      context.fillText(names[nameOf[i]], begin + 4, y + (ROW - 5) / 2, visible - 8);
    }
  }
  for (const [row, pixels] of filled.entries()) {
    for (let pixel = 0; pixel < pixels.length; pixel++) {
      if (pixels[pixel] === 0) continue;
      context.globalAlpha = Math.min(1, 0.3 + 0.7 * pixels[pixel]);
      context.fillStyle = fills[bad[row][pixel]];
      context.fillRect(LABELS + pixel, AXIS + row * ROW + 2, 1, ROW - 5);
    }
  }
  context.globalAlpha = 1;
}

function drawCounter(
  top: number,
  width: number,
  x: (at: number) => number,
  points: readonly (readonly [number, number])[],
): void {
  let most = 1;
  for (const [, value] of points) most = Math.max(most, value);
  const y = (value: number): number => top + COUNTER - 4 - (value / most) * (COUNTER - 10);
  context.beginPath();
  context.moveTo(LABELS, y(0));
  let last = 0;
  for (const [at, value] of points) {
    const left = Math.min(width, Math.max(LABELS, x(at)));
    context.lineTo(left, y(last));
    context.lineTo(left, y(value));
    last = value;
  }
  const right = Math.min(width, Math.max(LABELS, x(length)));
  context.lineTo(right, y(last));
  context.strokeStyle = color("--task");
  context.stroke();
  context.lineTo(right, y(0));
  context.globalAlpha = 0.2;
  context.fillStyle = color("--task");
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = color("--dim");
  context.fillText(String(most), width - 44, top + 8, 40);
}

/** The task at a place of the canvas, or -1. */
function taskAt(left: number, top: number): number {
  const row = Math.floor((top - AXIS) / ROW);
  const at = view.from + ((left - LABELS) / (holder.clientWidth - LABELS)) * view.span;
  const near = (view.span / (holder.clientWidth - LABELS)) * 1.5;
  for (let i = count - 1; i >= 0; i--) {
    if (rowOf[i] !== row || began[i] > at + near) continue;
    if (began[i] + ran[i] >= at - near) return i;
  }
  return -1;
}

function follow(): void {
  let frame = 0;
  const redraw = (): void => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const share = Math.max(0, event.offsetX - LABELS) / (holder.clientWidth - LABELS);
      const span = Math.min(whole, Math.max(5, view.span * 1.0015 ** event.deltaY));
      view.from += (view.span - span) * share;
      view.span = span;
      redraw();
    },
    { passive: false },
  );
  canvas.addEventListener("dblclick", () => {
    Object.assign(view, { from: -whole * 0.01, span: whole });
    redraw();
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons !== 0) {
      view.from -= (event.movementX / (holder.clientWidth - LABELS)) * view.span;
      redraw();
    }
    const task = event.buttons === 0 ? taskAt(event.offsetX, event.offsetY) : -1;
    tip.hidden = task === -1;
    if (task === -1) return;
    const lines = [names[nameOf[task]], `waited ${time(waited[task])}, ran ${time(ran[task])}`];
    tip.textContent = [...lines, data.why[task] ?? ""].join("\n").trim();
    tip.style.left = `${Math.min(event.offsetX + 12, holder.clientWidth - 240)}px`;
    tip.style.top = `${event.offsetY + 14}px`;
  });
  canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  window.addEventListener("resize", redraw);
}

summarize();
histogram("waiting", waited);
histogram("running", ran);
tables();
draw();
follow();
