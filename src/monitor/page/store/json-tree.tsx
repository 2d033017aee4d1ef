/**
 * A JSON value as a tree whose branches open and close.
 */

import { visible } from '../../../base/terminal-text.ts';

interface Properties {
  readonly name?: string;
  readonly value: unknown;
  readonly depth?: number;
}

const openDepth = 2;

export function JsonTree({ name, value, depth = 0 }: Properties) {
  const label = name === undefined ? null : <span class="json-name">{visible(name)}: </span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <span class="json-leaf">
        {label}
        <span class={`json-${value === null ? 'null' : typeof value}`}>{visible(JSON.stringify(value))}</span>
      </span>
    );
  }
  const entries = Object.entries(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return <span class="json-leaf">{[label, open, close]}</span>;
  return (
    <details class="json" open={depth < openDepth}>
      <summary>
        {label}
        {open}
        <span class="dim">{entries.length}</span>
        {close}
      </summary>
      <ul>
        {entries.map(([key, inner]) => (
          <li key={key}>
            <JsonTree name={key} value={inner} depth={depth + 1} />
          </li>
        ))}
      </ul>
    </details>
  );
}
