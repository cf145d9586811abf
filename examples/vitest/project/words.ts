/** The code that runs in interpreters, and in the tests themselves. */

export interface Counted {
  readonly word: string;
  readonly count: number;
}

/** The most frequent words of a text. */
export function topWords(text: string, limit = 3): Counted[] {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .map(([word, count]): Counted => ({ word, count }))
    .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
    .slice(0, limit);
}

export function sentences(text: string): string[] {
  if (text === "") throw new RangeError("no text");
  return text.split(/(?<=[.!?])\s+/);
}

export function endless(): never {
  for (;;);
}

/** Only the tests call it, in their own thread. */
export function longest(text: string): number {
  return Math.max(...text.split(" ").map((word) => word.length));
}
