const STOP = {};

/**
 * Returns the message with which the runtime refuses to move an object to another thread, or undefined if it would move it now. Moves
 * nothing: the message has a getter that throws, which runs when the runtime has looked at all that it must move. Node 20 passes over what is
 * marked as untransferable in the list of what to move, so the message also contains the object. Not for buffers, which it would copy.
 */
export function refusalToMove(object: object): string | undefined {
  const message = {
    object,
    get stop(): never {
      throw STOP;
    },
  };
  try {
    structuredClone(message, { transfer: [object as never] });
  } catch (error) {
    if (error !== STOP) return (error as Error).message;
  }
  return undefined;
}
