/** The process as a command sees it, and the reason why a command ends early. */

import type { Readable, Writable } from "node:stream";

export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly cwd: string;
  /** Aborted by SIGINT (Ctrl-C) and SIGTERM, with a `Stop` as the reason. */
  readonly interrupted: AbortSignal;
  /** Where a prompt keeps its history; undefined for nowhere. */
  readonly historyFile?: string | undefined;
  /** From now on SIGINT no longer aborts `interrupted`. */
  releaseSigint(): void;
}

/** Why a command ends before its work is finished: the exit code and, unless it ends quietly, a message. */
export class Stop {
  readonly exitCode: number;
  readonly message: string | undefined;
  constructor(exitCode: number, message?: string) {
    this.exitCode = exitCode;
    this.message = message;
  }
}
