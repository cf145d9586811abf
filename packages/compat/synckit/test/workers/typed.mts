import { runAsWorker } from "@interpreters/synckit";

const twice = (text: string): string => text + text;
runAsWorker(async (text: string): Promise<string> => twice(text));
