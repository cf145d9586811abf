/** The namespace of WORK_PREPARE. For languages that cannot read objects, it comes as a list of names and values in turn. */
export function namespaceOf(value: unknown): Record<string, unknown> {
  if (!Array.isArray(value)) return value as Record<string, unknown>;
  const namespace: Record<string, unknown> = {};
  for (let i = 0; i < value.length; i += 2) namespace[value[i] as string] = value[i + 1];
  return namespace;
}
