/** The process as a command sees it, and how a command ends early. */

import type { Readable, Writable } from "node:stream";

export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly cwd: string;
  /** Aborted by Ctrl-C and the like, with a `Stop` as the reason. */
  readonly interrupted: AbortSignal;
}

/** Why a command ends before its work does: an exit code, and what there is to say about it. */
export class Stop {
  readonly exitCode: number;
  readonly message: string | undefined;
  constructor(exitCode: number, message?: string) {
    this.exitCode = exitCode;
    this.message = message;
  }
}
