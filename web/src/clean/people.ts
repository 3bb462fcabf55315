// Names of people inside a document: each becomes "Author 1", "Author 2" …, so that a reader still sees that two remarks
// come from two people.

const NEUTRAL = /^(?:Author \d{1,6})?$/;

export class People {
  readonly #numbers = new Map<string, number>();

  neutral(name: string): string {
    if (NEUTRAL.test(name)) return name;
    let number = this.#numbers.get(name);
    if (number === undefined) this.#numbers.set(name, (number = this.#numbers.size + 1));
    return `Author ${number}`;
  }

  /** The neutral name of somebody who has been met already, or null. */
  known(name: string): string | null {
    const number = this.#numbers.get(name);
    return number === undefined ? null : `Author ${number}`;
  }
}
