// Names of people inside a document: each becomes "Author 1", "Author 2" …, so that a reader still sees that two remarks
// come from two people.

const NEUTRAL = /^(?:Author \d{1,6})?$/

export class People {
  readonly #numbers = new Map<string, number>()

  neutral(name: string): string {
    if (NEUTRAL.test(name)) return name
    let number = this.#numbers.get(name)
    if (number === undefined) this.#numbers.set(name, (number = this.#numbers.size + 1))
    return `Author ${number}`
  }

  /** Office programs begin a remark's text with its author's name and a colon. */
  withoutSignature(text: string): string {
    const colon = text.indexOf(":")
    const number = colon < 0 ? undefined : this.#numbers.get(text.slice(0, colon).trim())
    return number === undefined ? text : `Author ${number}${text.slice(colon)}`
  }
}
