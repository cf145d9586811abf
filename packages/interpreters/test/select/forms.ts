/** The two forms of a select, behind one signature: a promise that rejects where the blocking form throws. */
import { select, selectSync } from "interpreters";

export type Select = typeof select;

const blocking: Select = async (cases, options) => selectSync(cases, options);

export const forms: readonly { readonly name: string; readonly select: Select; readonly blocks: boolean }[] =
  [
    { name: "as a promise", select, blocks: false },
    { name: "blocking", select: blocking, blocks: true },
  ];
