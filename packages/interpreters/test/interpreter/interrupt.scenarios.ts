/** The program that interrupt.test.ts runs and interrupts. */
import { create } from "interpreters";

const scenarios: Record<string, () => Promise<void>> = {
  async spins() {
    const interp = create();
    const run = async (code: string): Promise<void> => {
      await interp.exec(code, { breakOnSigint: true }).catch((error: { cause: { code: string } }) => {
        console.log(error.cause.code);
      });
    };
    await run("var kept = 1; console.log('spins'); for (;;);");
    await run("kept++; console.log('spins again'); for (;;); await 0;");
    console.log("kept", await interp.call(() => (globalThis as unknown as { kept: number }).kept));
  },
};

await scenarios[process.argv[2]]();
