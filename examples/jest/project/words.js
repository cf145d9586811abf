/** The code that runs in interpreters, and in the tests themselves. */

/** The most frequent words of a text. */
export function topWords(text, limit = 3) {
  const counts = new Map();
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .map(([word, count]) => ({ word, count }))
    .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
    .slice(0, limit);
}

export function sentences(text) {
  if (text === "") throw new RangeError("no text");
  return text.split(/(?<=[.!?])\s+/);
}

export function endless() {
  for (;;);
}

/** Only the tests call it, in their own thread. */
export function longest(text) {
  return Math.max(...text.split(" ").map((word) => word.length));
}
