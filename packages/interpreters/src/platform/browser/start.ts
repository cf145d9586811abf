/**
 * What a thread of this package is given when it starts, as its first message; a page, or a worker that loads the package itself, makes one of
 * its own.
 */
export interface Start {
  /** Random; the names of this runtime's locks and channels begin with it. */
  readonly space: string;
  /** Where relative URLs resolve against: the page. */
  readonly base: string;
  /** Where the package's files are, by name. */
  files: Files;
  /** Of the thread. The main interpreter has 0. */
  readonly threadId: number;
  readonly workerData: unknown;
  /** Which lock the thread holds as long as it runs. */
  readonly lock: string;
  /** Leads to the thread that started it. */
  readonly control: Port | undefined;
}

/** A port of the web. */
export type Port = InstanceType<typeof MessagePort>;

export interface Files {
  /** With which the supervisor's thread starts (page-first.ts); with texts it is that of the supervisor. */
  readonly first: string;
  readonly supervisor: string;
  readonly interpreter: string;
  readonly api: string;
  readonly parsers: string;
}

// The banner of a thread's file (scripts/browser.mjs) binds it.
declare const __start: Start | undefined;

const { document, location } = globalThis as {
  document?: { baseURI: string };
  location?: { href: string };
};

export const start: Start =
  typeof __start === "object"
    ? __start
    : {
        space: `interpreters ${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`,
        base: document?.baseURI ?? location?.href ?? "about:blank",
        files: { first: "", supervisor: "", interpreter: "", api: "", parsers: "" },
        threadId: 0,
        workerData: undefined,
        lock: "",
        control: undefined,
      };

/** Whether this is the thread of a window, which must not block. */
export const isWindow = document !== undefined;
