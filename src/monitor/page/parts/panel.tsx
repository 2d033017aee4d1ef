/**
 * A part of a view, with a heading; and what stands in it when there is nothing, or it cannot be had.
 */

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { visible } from '../../../base/terminal-text.ts';

interface Properties {
  readonly title: string;
  readonly kind?: string;
  /** At the right of the heading. */
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ title, kind = '', beside, children }: Properties) {
  const id = useId();
  return (
    <section class={`panel ${kind}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}

export function Nothing({ children }: { readonly children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}

export function Problem({ text }: { readonly text: string | undefined }) {
  return text === undefined ? null : <p class="problem">{visible(text)}</p>;
}
