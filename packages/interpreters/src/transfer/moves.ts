/** The objects that move with one message: those that its sender names, and those that `move` has marked in its value, however deep. */
import type { Moved } from "../codec/encoder.js";
import { unmark } from "../codec/marks.js";
import type { Handover } from "./handover.js";
import { checkTransfer, detach, type Movable } from "./transfer-list.js";

/** Makes the handover for movables of which some may be handed over; returns undefined if none of them is. */
type MakeHandover<H, A> = (by: A, movables: readonly Movable[]) => H | undefined;

/** There is one for every message with an object in it, since a getter may mark one: so it is empty until something moves. */
export class Moves<H extends Handover = Handover, A = unknown> implements Moved {
  /** Of the large buffers, and of all that cannot be copied. Undefined without any: then buffers are copied, and detached. */
  handover: H | undefined = undefined;
  readonly #by: A;
  readonly #makeHandover: MakeHandover<H, A> | undefined;
  #movables: Set<Movable> | undefined = undefined;
  #marked: object[] | undefined = undefined;

  /** `makeHandover` is called with `by`; without it, all are copied, and what cannot be copied is refused. */
  constructor(by: A, transfer: readonly Movable[] | undefined, makeHandover: MakeHandover<H, A> | undefined) {
    this.#by = by;
    this.#makeHandover = makeHandover;
    if (transfer !== undefined) this.#add(transfer);
  }

  get kind(): number {
    return (this.handover as H).kind;
  }

  has(object: object): boolean {
    return this.handover?.has(object) === true;
  }

  toReference(object: object): readonly [a: number, b: number] {
    return (this.handover as H).toReference(object);
  }

  adopt(object: object, movables: readonly object[]): void {
    (this.#marked ??= []).push(object);
    this.#add(movables as readonly Movable[]);
  }

  /** Encoding has run getters of the user, which may have closed or moved one. @throws TypeError it cannot move now */
  check(): void {
    if (this.#movables !== undefined) checkTransfer([...this.#movables]);
  }

  /** The message is on its way: what is not handed over is detached here, and the marks, which were for this message, are gone. */
  sent(): void {
    if (this.#movables === undefined) return;
    detach([...this.#movables], this.handover);
    for (const object of this.#marked ?? []) unmark(object);
  }

  /** The message was sent, or never will be. */
  done(): void {
    this.handover?.done();
  }

  #add(movables: readonly Movable[]): void {
    this.#movables ??= new Set();
    for (const each of movables) this.#movables.add(each);
    if (this.handover === undefined) this.handover = this.#makeHandover?.(this.#by, movables);
    else this.handover.add(movables);
  }
}
