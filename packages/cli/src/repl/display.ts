/**
 * Words an uncaught error as Node's prompt does: "Uncaught", without the frame of the typed line itself, and the line is
 * quoted only for a syntax error in it.
 */

/** The name of the line that was typed as the `n`th, in stacks. Node uses the same names. */
export const lineName = (n: number): string => `REPL${n}`;

/** Put before an expression, whose value is kept. Columns behind it are shifted. */
export const KEEP = "$_=(";

const FRAME = /^[ \t]+at /;
/** The frame of a typed line outside of all functions, or of the prompt's own code. */
const OWN_FRAME =
  /^[ \t]+at (?:async )?(?:REPL\d*:\d+:\d+|[^\n]*[\\/]repl[\\/]inside\.js:\d+:\d+\)?)(?: \{)?$/;
/** Above the error, Node quotes where it was thrown. */
const QUOTED = /^(REPL\d+|<anonymous_script>|evalmachine\.<anonymous>):\d+\n([^\n]*\n[ \t]*\^*[ \t]*\n)\n?/;

/** Where KEEP was put, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** `display` is what Node would have printed for the error. `kept` says where the input of that name has KEEP. */
export function atPrompt(
  display: string,
  kept: (name: string) => Place | undefined = () => undefined,
): string {
  const [whole, name, quoted] = QUOTED.exec(display) ?? ["", "", ""];
  const text = withoutOwnFrames(display.slice(whole.length)).replaceAll(
    /\b(REPL\d+):(\d+):(\d+)/g,
    (frame, input: string, line: string, column: string) => {
      const place = kept(input);
      if (place?.line !== Number(line) || Number(column) < place.column + KEEP.length) return frame;
      return `${input}:${line}:${Number(column) - KEEP.length}`;
    },
  );
  const uncaught = text.startsWith("Uncaught ") ? text : `Uncaught ${text}`;
  return isOfTheLine(display) && name.startsWith("REPL") ? `${quoted}\n${uncaught}` : uncaught;
}

/** Cuts each stack off at the frame of the typed line. The frames behind it are those of what runs the lines. */
function withoutOwnFrames(display: string): string {
  const lines = display.split("\n");
  const kept: string[] = [];
  for (let start = 0; start < lines.length;) {
    if (!FRAME.test(lines[start])) {
      kept.push(lines[start++]);
      continue;
    }
    let end = start;
    while (end < lines.length && FRAME.test(lines[end])) end++;
    const frames = lines.slice(start, end);
    const own = frames.findLastIndex((frame) => OWN_FRAME.test(frame));
    if (own >= 0) {
      // The properties of the error follow its last frame.
      if (frames.at(-1)?.endsWith(" {") === true) {
        const before = own > 0 ? frames : kept;
        before[own > 0 ? own - 1 : kept.length - 1] += " {";
      }
      frames.length = own;
    }
    kept.push(...frames);
    start = end;
  }
  return kept.join("\n");
}

/** Whether the line has a syntax error, so that nothing of it ran. */
export function isOfTheLine(display: string): boolean {
  return (
    /^REPL\d+:\d+\n/.test(display) &&
    /^(?:Uncaught )?SyntaxError\b/m.test(display) &&
    !/\n[ \t]+at [^\n]*REPL\d+:\d+:\d+/.test(display)
  );
}
