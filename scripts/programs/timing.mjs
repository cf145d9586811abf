/**
 * How long a program runs with the package that it depends on, and with our adapter in its place. Each is installed in a folder of its own, and they
 * take turns, round by round, so that a machine that slows down for a while slows both alike.
 */
import { Installation } from "./installation.mjs";

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

function install(program, ours) {
  const installation = new Installation(program);
  try {
    if (!installation.installGenuine())
      throw new Error(`npm cannot install it here\n${installation.complaint}`);
    if (ours) installation.installOurs();
    installation.write(program.timed.files);
    return installation;
  } catch (error) {
    installation.remove();
    throw error;
  }
}

/** Prints, for each command, the medians and the ratio of each round. Returns the exit code. */
export function time(program, name, rounds) {
  const { adapter, timed } = program;
  const installations = [];
  try {
    for (const ours of [false, true]) installations.push(install(program, ours));
    for (const [title, command] of Object.entries(timed.commands)) {
      // What it leaves in its cache makes the first run longer.
      for (const installation of installations) installation.time(command);
      const times = installations.map(() => []);
      for (let round = 0; round < rounds; round++) {
        const order = round % 2 === 0 ? [0, 1] : [1, 0];
        for (const i of order) times[i].push(installations[i].time(command));
      }
      const ratios = times[1].map((ours, round) => ours / times[0][round]);
      const [genuine, ours] = times.map(median);
      const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
      console.log(
        `${name}, ${title}: ${adapter} ${seconds(genuine)}, @interpreters/${adapter} ${seconds(ours)}, ` +
          `${median(ratios).toFixed(2)} times the time (${range} in ${rounds} rounds)`,
      );
    }
    return 0;
  } finally {
    for (const installation of installations) installation.remove();
  }
}
