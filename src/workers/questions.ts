/** Questions that wait for their answers, by number. */

export class Questions<Answer> {
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #next = 0;

  /** Puts one, and waits. @param put sends it under its number */
  ask(put: (number: number) => void): Promise<Answer> {
    const number = this.#next++;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(number, waiting);
    put(number);
    return waiting.promise;
  }

  /** An answer has come; one that nobody waits for is of no use. */
  answer(number: number, answer: Answer): void {
    this.#waiting.get(number)?.resolve(answer);
    this.#waiting.delete(number);
  }

  refuse(number: number, reason: Error): void {
    this.#waiting.get(number)?.reject(reason);
    this.#waiting.delete(number);
  }

  /** Nobody is left who could answer. */
  refuseAll(reason: Error): void {
    for (const number of this.#waiting.keys()) this.refuse(number, reason);
  }
}
