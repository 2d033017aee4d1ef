/**
 * What a terminal shows, as a page: text with the escapes of colours (as `tmux capture-pane -e` gives it) made HTML. Pure.
 */

const basic = ['#1d2330', '#e06c75', '#8cc570', '#d9b25f', '#6ba6ee', '#c58ae0', '#5cb8c4', '#c9d1dc'];
const bright = ['#697386', '#ff8b93', '#a9e08a', '#f2cd7c', '#8fc1ff', '#dda8f5', '#7fd6e1', '#ffffff'];
const [paper, ink] = ['#11151d', '#d5dbe5'];

/** The page. */
export function terminalHtml(screen, columns) {
  const lines = screen.replace(/\n+$/, '').split('\n').map(lineHtml).join('\n');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Terminal</title><style>
    body { margin: 0; background: ${paper}; }
    pre { margin: 0; padding: 18px 22px; width: ${columns}ch; color: ${ink};
          font: 14px/1.32 'DejaVu Sans Mono', 'Liberation Mono', monospace; box-sizing: content-box; }
  </style><pre>${lines}</pre></html>`;
}

function lineHtml(line) {
  let style = {};
  let html = '';
  for (const part of line.split(/(\x1b\[[\d;:]*m)/)) {
    const codes = /^\x1b\[([\d;:]*)m$/.exec(part)?.[1];
    if (codes !== undefined) style = styled(style, codes.split(/[;:]/).map(Number));
    else if (part !== '') html += `<span style="${css(style)}">${escaped(part)}</span>`;
  }
  return html;
}

function styled(before, codes) {
  let style = { ...before };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) style = {};
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 4) style.underlined = true;
    else if (code === 7) style.reversed = true;
    else if (code === 22) style = { ...style, bold: false, dim: false };
    else if (code === 24) style.underlined = false;
    else if (code === 27) style.reversed = false;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(i + 1));
      style[code === 38 ? 'text' : 'ground'] = colour;
      i += used;
    } else if (code === 39) style.text = undefined;
    else if (code === 49) style.ground = undefined;
    else if (code >= 30 && code < 38) style.text = basic[code - 30];
    else if (code >= 40 && code < 48) style.ground = basic[code - 40];
    else if (code >= 90 && code < 98) style.text = bright[code - 90];
    else if (code >= 100 && code < 108) style.ground = bright[code - 100];
  }
  return style;
}

/** A colour of 256 or of three bytes, and how many codes it took. */
function extended([kind, ...rest]) {
  if (kind === 2) return [`rgb(${rest.slice(0, 3).join(' ')})`, 4];
  const number = rest[0];
  if (number < 8) return [basic[number], 2];
  if (number < 16) return [bright[number - 8], 2];
  if (number >= 232) return [`rgb(${Array.from({ length: 3 }, () => 8 + (number - 232) * 10).join(' ')})`, 2];
  const levels = [0, 95, 135, 175, 215, 255];
  const place = number - 16;
  return [`rgb(${[36, 6, 1].map((step) => levels[Math.floor(place / step) % 6]).join(' ')})`, 2];
}

function css({ text, ground, bold, dim, underlined, reversed }) {
  const [front, back] = reversed ? [ground ?? paper, text ?? ink] : [text, ground];
  return [
    ...(front === undefined ? [] : [`color:${front}`]),
    ...(back === undefined ? [] : [`background:${back}`]),
    ...(bold ? ['font-weight:bold'] : []),
    ...(dim ? ['opacity:0.65'] : []),
    ...(underlined ? ['text-decoration:underline'] : []),
  ].join(';');
}

function escaped(text) {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]);
}
