/** Programs for stdin.test.ts: `node stdin.scenarios.js <name>`. */
import { PassThrough } from "node:stream";
import { create } from "interpreters";

const read = async (): Promise<string> => {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
};

const scenarios: Record<string, () => Promise<void>> = {
  /** Prints the input of the process, read by an interpreter, and what is left of it for the next one. */
  async inherit() {
    const texts: string[] = [];
    for (let i = 0; i < 2; i++) {
      await using interp = create({ stdin: "inherit" });
      texts.push(`[${await interp.call(read)}]`);
    }
    console.log(texts.join(" "));
  },

  /** Ends although an interpreter has input that goes on. */
  async idle() {
    const stream = new PassThrough();
    stream.write("first");
    const interp = create({ stdin: stream });
    Object.assign(globalThis, { interp, unread: create({ stdin: new PassThrough() }) });
    const first = await interp.call(async () => {
      const { once } = process.getBuiltinModule("node:events").EventEmitter;
      process.stdin.resume();
      return String((await once(process.stdin, "data"))[0]);
    });
    console.log(first);
  },
};

await scenarios[process.argv[2]]();
