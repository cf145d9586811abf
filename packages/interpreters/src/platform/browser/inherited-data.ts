/** A worker inherits nothing: what its starter leaves comes in its first message. */
const data = new Map<unknown, unknown>();

export const getEnvironmentData = (key: unknown): unknown => data.get(key);

export function setEnvironmentData(key: unknown, value: unknown): void {
  data.set(key, value);
}
