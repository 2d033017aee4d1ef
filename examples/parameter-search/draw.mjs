/**
 * Draws a search as an SVG: a square for each point that was looked at, the darker the lower; smaller squares, which came
 * later, lie on the larger ones. The line leads from each point that was the lowest so far to the next such point.
 */

const pixels = 800;

/**
 * @param points in the order in which their heights became known
 * @param size how wide and high the landscape is; its middle is 0, 0
 * @returns the text of the file
 */
export function drawing(points, size) {
  const scale = pixels / size;
  const across = (x) => ((x + size / 2) * scale).toFixed(2);
  const down = (y) => ((size / 2 - y) * scale).toFixed(2);
  const heights = points.map(({ height }) => Math.log10(height + 0.01));
  const [lowest, highest] = [Math.min(...heights), Math.max(...heights)];

  const squares = points
    .map(({ x, y, step, height }) => {
      const share = (Math.log10(height + 0.01) - lowest) / (highest - lowest || 1);
      const [left, top, side] = [across(x - step / 2), down(y + step / 2), (step * scale).toFixed(2)];
      return { step, text: `<rect x="${left}" y="${top}" width="${side}" height="${side}" fill="${colour(share)}"/>` };
    })
    .sort((a, b) => b.step - a.step)
    .map(({ text }) => text);

  let best = Infinity;
  const way = points.filter(({ height }) => {
    const isLower = height < best;
    if (isLower) best = height;
    return isLower;
  });
  const line = way.map(({ x, y }) => `${across(x)},${down(y)}`).join(' ');
  const end = way.at(-1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" viewBox="0 0 ${pixels} ${pixels}">
<g stroke="#fff" stroke-width="0.4">
${squares.join('\n')}
</g>
<polyline points="${line}" fill="none" stroke="#e8590c" stroke-width="3" stroke-linejoin="round"/>
<circle cx="${across(end.x)}" cy="${down(end.y)}" r="9" fill="none" stroke="#e8590c" stroke-width="3"/>
</svg>
`;
}

/** From dark blue, for 0, to pale yellow, for 1. */
function colour(share) {
  const [hue, light] = [240 - 190 * share, 18 + 72 * share];
  return `hsl(${hue.toFixed(0)} 55% ${light.toFixed(0)}%)`;
}
