/** Pages have no named channels, and so no subscribers. */
export interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: object): void;
  runStores<R>(message: object, fn: () => R): R;
}

const silent: Channel = { hasSubscribers: false, publish() {}, runStores: (_message, fn) => fn() };

export const channel = (_name: string): Channel => silent;

/** Nothing tells a page of its workers. */
export const onNewThread = (_listener: () => void): boolean => false;
