const DATA_CLONE_ERROR_CODE = 25;

/** Whether the error says that a value cannot be copied to another thread. */
export function isDataCloneError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, code } = error as { name?: unknown; code?: unknown };
  return code === "ERR_NOT_SHAREABLE" || (name === "DataCloneError" && code === DATA_CLONE_ERROR_CODE);
}
