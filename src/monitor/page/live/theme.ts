/**
 * Light or dark: as the system has it, unless the user has chosen; the choice is remembered by the browser.
 */

import { computed, signal } from '@preact/signals';
import { recall, remember } from './remembered.ts';

export type Theme = 'system' | 'light' | 'dark';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

const system = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(system.matches);
system.addEventListener('change', () => (systemIsDark.value = system.matches));

export const theme = signal<Theme>(themes.find((known) => known === recall('theme')) ?? 'system');
export const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'));

// For the style sheet; before anything is drawn with its colours.
isDark.subscribe((dark) => {
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
});

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] as Theme;
  remember('theme', theme.value);
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
