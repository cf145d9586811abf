/** Sample images, drawn by sharp: each is different, and all are the same in every run. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

const WIDTH = 3200;
const HEIGHT = 2400;

function landscape(i: number): string {
  const hue = (i * 47) % 360;
  const hills = Array.from({ length: 24 }, (_, h) => {
    const [x, y] = [(h * 389 + i * 97) % WIDTH, HEIGHT / 3 + ((h * 61) % (HEIGHT / 2))];
    return `<ellipse cx="${x}" cy="${y + 300}" rx="${200 + ((h * 37) % 200)}" ry="300" fill="hsl(${(hue + h * 9) % 360},45%,${20 + h * 2}%)"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
    <rect width="100%" height="100%" fill="hsl(${hue},60%,75%)"/>
    <circle cx="${(i * 131) % WIDTH}" cy="200" r="90" fill="hsl(${(hue + 60) % 360},90%,85%)"/>
    ${hills.join("\n")}
  </svg>`;
}

/** Draws `count` images into `folder`, and returns their paths. */
export async function drawImages(folder: string, count: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files = Array.from({ length: count }, (_, i) =>
    join(folder, `image-${String(i).padStart(3, "0")}.png`),
  );
  for (const [i, file] of files.entries()) {
    await sharp(Buffer.from(landscape(i)))
      .png({ compressionLevel: 1 })
      .toFile(file);
  }
  return files;
}
