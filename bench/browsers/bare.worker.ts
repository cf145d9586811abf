/** A worker without any package. A number comes back; any other message asks for an end of a stream of messages. */
import { same } from "./tasks.js";
import { messages, web } from "./web.js";

interface Stream {
  readonly count: number;
  readonly sends: boolean;
}

web.addEventListener("message", ({ data, ports: [port] }) => {
  if (typeof data === "number") {
    web.postMessage(same(data));
    return;
  }
  const { count, sends } = data as Stream;
  if (sends) {
    const to = port ?? web;
    for (let i = 0; i < count; i++) to.postMessage(i);
    return;
  }
  void messages(port, count).then(() => web.postMessage("received"));
  port.start();
});
