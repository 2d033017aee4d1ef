/**
 * A request that is not answered as it was meant, for a reason that its user is told. Pure.
 */

export class Refusal extends Error {
  /** Of HTTP: 400 or more. */
  readonly status: number;

  /** @param problem - a sentence */
  constructor(status: number, problem: string) {
    super(problem);
    this.name = 'Refusal';
    this.status = status;
  }
}
