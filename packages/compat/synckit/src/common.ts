/** Versions of Node, and flags of the process. */

export const NODE_OPTIONS: string[] = (process.env.NODE_OPTIONS ?? "").split(/\s+/);

/** Whether Node was started with this option, on its command line or by NODE_OPTIONS. */
export function hasFlag(flag: string): boolean {
  return NODE_OPTIONS.includes(flag) || process.argv.includes(flag);
}

/** The numbers of a version. A suffix ("0-rc1") does not count. */
export function parseVersion(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10));
}

/** 1 if the first version is the newer one, -1 if the second is, 0 if they are equal. A number that is missing is 0. */
export function compareVersion(version1: string, version2: string): -1 | 0 | 1 {
  const [a, b] = [parseVersion(version1), parseVersion(version2)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] || 0) - (b[i] || 0);
    if (difference !== 0) return difference > 0 ? 1 : -1;
  }
  return 0;
}

export const NODE_VERSION: string = process.versions.node;

/** As `compareVersion`, of the Node that runs this and `version`. */
export function compareNodeVersion(version: string): -1 | 0 | 1 {
  return compareVersion(NODE_VERSION, version);
}
