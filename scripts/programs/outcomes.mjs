/** Without the frames of packages and Node: a turn of the event loop that comes in between puts others there. */
export const withoutOthers = (text) =>
  text.replaceAll(/\n +at .*(?:node_modules\/|\(node:|<anonymous>).*/g, "");

/** What must be equal in the JSON report of Jest or Vitest: the times differ, and so does the order of the files. */
export function outcomesOf(report) {
  const { testResults, snapshot, ...all } = JSON.parse(report);
  const counts = Object.entries(all).filter(([key]) => key.startsWith("num"));
  const files = testResults.map(({ name, message, assertionResults }) => ({
    name,
    message,
    tests: assertionResults.map(({ fullName, status, failureMessages }) => [
      fullName,
      status,
      failureMessages.map(withoutOthers),
    ]),
  }));
  return { counts, added: snapshot.added, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}
