/**
 * Serves the page with the headers that isolate it:
 *
 *     npm run mandelbrot --workspace examples
 */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};

const here = new URL(".", import.meta.url);
const FOLDERS: readonly (readonly [string, URL])[] = [
  ["/interpreters/", new URL(".", import.meta.resolve("interpreters"))],
  ["/dist/", here],
  ["/", new URL("../../mandelbrot/", here)],
];

/** Serves the page; returns the server and its address. */
export async function serve(port: number): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const asked = pathname === "/" ? "/index.html" : pathname;
      const [prefix, folder] = FOLDERS.find(([each]) => asked.startsWith(each))!;
      try {
        const content = await readFile(new URL(asked.slice(prefix.length), folder));
        response.writeHead(200, {
          ...HEADERS,
          "Content-Type": TYPES[path.extname(asked)] ?? "application/octet-stream",
        });
        response.end(content);
      } catch {
        response.writeHead(404, HEADERS).end();
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
  return { server, address: `http://localhost:${(server.address() as AddressInfo).port}/` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await serve(Number(process.env["PORT"] ?? 8080));
  process.stdout.write(`The Mandelbrot set: ${address} (workers: ${address}?workers=8)\n`);
}
