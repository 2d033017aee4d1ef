/**
 * Pieces of HTML in which text is always text. Pure.
 */

/** HTML that is what it is meant to be: made here only. */
export class Html {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Piece = Html | string | number | readonly Html[];

/** Puts HTML together; strings in it are escaped, for content and for attributes in double quotes alike. */
export function markup(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(String.raw({ raw: parts.raw }, ...pieces.map(sourceOf)));
}

/** Nothing at all. */
export const nothing = new Html('');

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function sourceOf(piece: Piece): string {
  if (piece instanceof Html) return piece.source;
  if (typeof piece === 'object') return piece.map((each) => each.source).join('');
  return String(piece).replace(/[&<>"']/g, (character) => entities[character] as string);
}
