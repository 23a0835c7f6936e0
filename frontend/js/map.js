// The strategy map: drag to move, zoom, arrow keys from goal to goal. Branches open by the form's own hx-get.
import { on } from './dom.js';

const STEPS = [0.4, 0.55, 0.7, 0.85, 1, 1.2, 1.5];
let zoom = 1;

const pane = () => document.querySelector('[data-map]');

function draw(around) {
  const canvas = around?.querySelector('[data-map-canvas]');
  if (!canvas) return;
  const { width, height } = canvas.viewBox.baseVal;
  const before = Number(canvas.getAttribute('width')) / width;
  const middle = { x: around.scrollLeft + around.clientWidth / 2, y: around.scrollTop + around.clientHeight / 2 };
  canvas.setAttribute('width', Math.round(width * zoom));
  canvas.setAttribute('height', Math.round(height * zoom));
  around.scrollLeft = (middle.x * zoom) / before - around.clientWidth / 2;
  around.scrollTop = (middle.y * zoom) / before - around.clientHeight / 2;
}

function change(step) {
  const around = pane();
  const canvas = around?.querySelector('[data-map-canvas]');
  if (!canvas) return;
  if (step === 0) {
    const { width, height } = canvas.viewBox.baseVal;
    zoom = Math.max(0.25, Math.min(1, around.clientWidth / width, around.clientHeight / height));
  } else {
    const larger = STEPS.filter((one) => one > zoom + 0.01);
    const smaller = STEPS.filter((one) => one < zoom - 0.01);
    zoom = (step > 0 ? larger[0] : smaller.at(-1)) ?? zoom;
  }
  draw(around);
}

on('click', '[data-map-zoom]', (_event, button) => change(Number(button.dataset.mapZoom)));

document.addEventListener('wheel', (event) => {
  if (!event.ctrlKey || !event.target.closest?.('[data-map]')) return;
  event.preventDefault();
  change(event.deltaY < 0 ? 1 : -1);
}, { passive: false });

on('pointerdown', '[data-map]', (event, around) => {
  if (event.button || event.pointerType === 'touch' || event.target.closest('a, button')) return;
  const start = { x: event.clientX + around.scrollLeft, y: event.clientY + around.scrollTop };
  const move = (next) => {
    around.scrollLeft = start.x - next.clientX;
    around.scrollTop = start.y - next.clientY;
  };
  const stop = () => {
    around.classList.remove('is-moving');
    around.removeEventListener('pointermove', move);
  };
  around.classList.add('is-moving');
  around.setPointerCapture(event.pointerId);
  around.addEventListener('pointermove', move);
  around.addEventListener('pointerup', stop, { once: true });
  around.addEventListener('pointercancel', stop, { once: true });
});

// Places are read from the screen, so that the nearest goal is what a person sees as nearest.
const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 0, ArrowDown: 0 };
on('keydown', '[data-map-node]', (event, node) => {
  if (!(event.key in KEYS) || event.altKey || event.ctrlKey || event.metaKey) return;
  const here = node.getBoundingClientRect();
  const depth = Number(node.dataset.depth) + KEYS[event.key];
  const others = [...pane().querySelectorAll(`[data-map-node][data-depth="${depth}"]`)].filter((one) => one !== node);
  const down = (one) => one.getBoundingClientRect().top - here.top;
  const beyond = event.key === 'ArrowUp' ? others.filter((one) => down(one) < 0)
    : event.key === 'ArrowDown' ? others.filter((one) => down(one) > 0) : others;
  const nearest = beyond.sort((one, other) => Math.abs(down(one)) - Math.abs(down(other)))[0];
  event.preventDefault();
  nearest?.focus();
  nearest?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
});

let left = null;
document.addEventListener('htmx:beforeSwap', (event) => {
  const around = event.detail.target?.querySelector?.('[data-map]');
  left = around ? { x: around.scrollLeft, y: around.scrollTop } : null;
});
document.addEventListener('htmx:afterSettle', () => {
  const around = pane();
  if (!around) return;
  draw(around);
  if (left) [around.scrollLeft, around.scrollTop] = [left.x, left.y];
  left = null;
  around.querySelector('.is-found')?.scrollIntoView({ block: 'center', inline: 'center' });
});
document.querySelector('[data-map] .is-found')?.scrollIntoView({ block: 'center', inline: 'center' });
