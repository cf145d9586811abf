/** A module that both sides import. */
import { registerType } from "interpreters";

export class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

export class PaymentError extends Error {
  readonly money: Money;
  constructor(message: string, money: Money) {
    super(message);
    this.name = "PaymentError";
    this.money = money;
  }
}

registerType("test/Money", Money, {
  encode: ({ cents }) => cents,
  decode: (cents) => new Money(cents),
});
registerType("test/PaymentError", PaymentError, {
  encode: ({ message, money, stack }) => ({ message, money, stack }),
  decode: ({ message, money, stack }) => Object.assign(new PaymentError(message, money), { stack }),
});

export function double(money: Money): Money {
  return new Money(money.cents * 2);
}

export function fail(money: Money): never {
  throw new PaymentError("no cover", money);
}
