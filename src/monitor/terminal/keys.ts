/**
 * Keys from what a terminal sends. Pure.
 *
 * Always true: an escape sequence is one key or none, however it comes in pieces; a lone Escape is known by nothing
 * following it, so `rest` is to be asked for a moment later.
 */

/** A character as it is, or one of the names. */
export type Key = string;

const sequences: Readonly<Record<string, Key>> = {
  ...{ '[A': 'up', '[B': 'down', '[C': 'right', '[D': 'left', OA: 'up', OB: 'down', OC: 'right', OD: 'left' },
  ...{ '[H': 'home', '[F': 'end', OH: 'home', OF: 'end', '[1~': 'home', '[4~': 'end', '[7~': 'home', '[8~': 'end' },
  ...{ '[5~': 'page-up', '[6~': 'page-down', '[3~': 'delete', '[Z': 'back-tab', OM: 'enter' },
};

const controls: Readonly<Record<string, Key>> = {
  ...{ '\r': 'enter', '\n': 'enter', '\t': 'tab', '\x7f': 'backspace', '\b': 'backspace' },
  ...{ '\x03': 'ctrl-c', '\x0c': 'ctrl-l', '\x15': 'ctrl-u', '\x1a': 'ctrl-z' },
  ...{ '\x02': 'page-up', '\x06': 'page-down', '\x0e': 'down', '\x10': 'up' },
};

/** The beginning of an escape sequence that has not come to its end. */
const begun = /^\x1b(?:\[[0-?]*[ -/]*|O)?$/;
const whole = /^\x1b(\[[0-?]*[ -/]*[@-~]|O[ -~])/;

/** Longer ones are none. */
const longestSequence = 32;

export class KeyReader {
  private waiting = '';

  /** @returns the keys that are whole by now */
  push(text: string): Key[] {
    let rest = this.waiting + text;
    this.waiting = '';
    const keys: Key[] = [];
    while (rest !== '') {
      if (rest[0] !== '\x1b') {
        const character = String.fromCodePoint(rest.codePointAt(0) as number);
        const key = controls[character] ?? (isControl(character) ? undefined : character);
        if (key !== undefined) keys.push(key);
        rest = rest.slice(character.length);
        continue;
      }
      const sequence = whole.exec(rest);
      if (sequence !== null) {
        const key = sequences[sequence[1] as string];
        if (key !== undefined) keys.push(key);
        rest = rest.slice(sequence[0].length);
      } else if (begun.test(rest) && rest.length < longestSequence) {
        this.waiting = rest;
        rest = '';
      } else {
        keys.push('escape');
        rest = rest.slice(1);
      }
    }
    return keys;
  }

  /** Whether something waits for its end. */
  get isWaiting(): boolean {
    return this.waiting !== '';
  }

  /** What waits, as the keys that it is when nothing follows. */
  rest(): Key[] {
    const isEscape = this.waiting === '\x1b';
    this.waiting = '';
    return isEscape ? ['escape'] : [];
  }
}

function isControl(character: string): boolean {
  return character < ' ' || (character >= '\x7f' && character <= '\x9f');
}
