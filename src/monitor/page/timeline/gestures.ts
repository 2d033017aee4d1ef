/**
 * What fingers, mouse and wheel do on a timeline: move, zoom, point, open.
 */

/** CSS pixels from the corner of the element. */
export interface Gestures {
  readonly onZoom: (factor: number, x: number) => void;
  readonly onMove: (x: number, y: number) => void;
  /** undefined: nowhere any more. */
  readonly onPoint: (place: { readonly x: number; readonly y: number } | undefined) => void;
  readonly onOpen: (x: number, y: number) => void;
}

/** So far may a finger slip and still tap. */
const slip = 5;

/** @returns undoes it */
export function listenForGestures(element: HTMLElement, gestures: Gestures): () => void {
  const fingers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const at = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const spread = (): number => {
    const [a, b] = [...fingers.values()];
    return a === undefined || b === undefined ? 0 : Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 1) moved = 0;
  };
  const onPointerMove = (event: PointerEvent): void => {
    const place = at(event);
    const before = fingers.get(event.pointerId);
    if (before === undefined) {
      gestures.onPoint(place);
      return;
    }
    const spreadBefore = spread();
    fingers.set(event.pointerId, place);
    moved += Math.abs(place.x - before.x) + Math.abs(place.y - before.y);
    if (fingers.size === 2 && spreadBefore > 0 && spread() > 0) {
      const middle = [...fingers.values()].reduce((sum, { x }) => sum + x / 2, 0);
      gestures.onZoom(spreadBefore / spread(), middle);
    } else if (fingers.size === 1 && moved > slip) {
      gestures.onPoint(undefined);
      gestures.onMove(place.x - before.x, place.y - before.y);
    }
  };
  const onUp = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0 || moved > slip || event.type !== 'pointerup') return;
    const { x, y } = at(event);
    gestures.onOpen(x, y);
  };
  const onLeave = (): void => gestures.onPoint(undefined);
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) gestures.onMove(0, -(event.deltaY + event.deltaX) * lines);
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) gestures.onMove(-event.deltaX * lines, 0);
    else gestures.onZoom(Math.exp(event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), at(event).x);
  };

  element.addEventListener('pointerdown', onDown);
  element.addEventListener('pointermove', onPointerMove);
  element.addEventListener('pointerup', onUp);
  element.addEventListener('pointercancel', onUp);
  element.addEventListener('pointerleave', onLeave);
  element.addEventListener('wheel', onWheel, { passive: false });
  return () => {
    element.removeEventListener('pointerdown', onDown);
    element.removeEventListener('pointermove', onPointerMove);
    element.removeEventListener('pointerup', onUp);
    element.removeEventListener('pointercancel', onUp);
    element.removeEventListener('pointerleave', onLeave);
    element.removeEventListener('wheel', onWheel);
  };
}
