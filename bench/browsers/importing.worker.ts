/** A worker without any package that imports the module with the function that it is to call, as an interpreter does. */
import { web } from "./web.js";

web.addEventListener("message", ({ data }) => {
  const { url, value } = data as { url: string; value: number };
  void import(url).then(({ same }: typeof import("./tasks.js")) => web.postMessage(same(value)));
});
