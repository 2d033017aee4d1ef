/**
 * Puts a text on the clipboard.
 */

import { useState } from 'preact/hooks';

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState('Copy');
  const copy = async (): Promise<void> => {
    setSaid((await copied(text)) ? 'Copied' : 'Not copied');
    setTimeout(() => setSaid('Copy'), 2000);
  };
  return (
    <button type="button" class="quiet small" aria-label={`${said} ${what}`} onClick={() => void copy()}>
      {said}
    </button>
  );
}

/** Browsers give the clipboard to pages of this host only; on others the old way is left. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
