// The strategy map: drag to move, wheel or two fingers to zoom, arrow keys from goal to goal. Branches open by the
// form's own hx-get.
import { on } from './dom.js';

const STEPS = [0.25, 0.4, 0.55, 0.7, 0.85, 1, 1.2, 1.5];
const [SMALLEST, LARGEST] = [STEPS[0], STEPS.at(-1)];
// What a search has found is to be read, not only seen.
const READABLE = 0.7;
const PHONE = 820;
const GAP = 12;
let zoom = 1;

const pane = () => document.querySelector('[data-map]');

const middle = (around) => ({ x: around.clientWidth / 2, y: around.clientHeight / 2 });

// `at` is the point of the pane that stays where it is.
function draw(around, at = middle(around)) {
  const canvas = around.querySelector('[data-map-canvas]');
  const { width, height } = canvas.viewBox.baseVal;
  const before = Number(canvas.getAttribute('width')) / width;
  const point = { x: (around.scrollLeft + at.x) / before, y: (around.scrollTop + at.y) / before };
  canvas.setAttribute('width', Math.round(width * zoom));
  canvas.setAttribute('height', Math.round(height * zoom));
  around.scrollLeft = point.x * zoom - at.x;
  around.scrollTop = point.y * zoom - at.y;
}

const within = (wanted) => Math.max(SMALLEST, Math.min(LARGEST, wanted));

function change(step) {
  const around = pane();
  if (!around) return;
  if (step === 0) {
    const { width, height } = around.querySelector('[data-map-canvas]').viewBox.baseVal;
    zoom = within(Math.min(1, around.clientWidth / width, around.clientHeight / height));
  } else {
    const larger = STEPS.filter((one) => one > zoom + 0.01);
    const smaller = STEPS.filter((one) => one < zoom - 0.01);
    zoom = (step > 0 ? larger[0] : smaller.at(-1)) ?? zoom;
  }
  draw(around);
}

// At first every column is in sight; how far down it goes is for scrolling. Where that would be too small to read, as on
// a phone, it opens at the first goal.
function open(around) {
  const found = around.querySelector('.is-found');
  const fits = within(Math.min(1, around.clientWidth / around.querySelector('[data-map-canvas]').viewBox.baseVal.width));
  const isSmall = fits < READABLE && around.clientWidth < PHONE;
  zoom = found || isSmall ? Math.max(fits, READABLE) : fits;
  draw(around);
  const first = isSmall ? around.querySelector('[data-map-node]')?.parentElement : null;
  const place = (axis) => Math.max(0, Number(first?.getAttribute(axis) ?? 0) * zoom - GAP);
  [around.scrollLeft, around.scrollTop] = [place('x'), place('y')];
  found?.scrollIntoView({ block: 'center', inline: 'center' });
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

// One finger scrolls the pane as it scrolls anything; two are ours, or the browser would enlarge the whole page.
const between = ([one, other]) => ({
  apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
  x: (one.clientX + other.clientX) / 2,
  y: (one.clientY + other.clientY) / 2,
});

function takeFingers(around) {
  let pinch = null;
  around.addEventListener('touchstart', (event) => {
    // Once one finger has begun to scroll, the browser goes on scrolling.
    if (event.touches.length !== 2 || !event.cancelable) return;
    event.preventDefault();
    pinch = { zoom, last: between(event.touches), first: between(event.touches).apart };
  }, { passive: false });
  around.addEventListener('touchmove', (event) => {
    if (!pinch || event.touches.length !== 2 || !event.cancelable) return;
    event.preventDefault();
    const now = between(event.touches);
    const corner = around.getBoundingClientRect();
    around.scrollLeft += pinch.last.x - now.x;
    around.scrollTop += pinch.last.y - now.y;
    zoom = within((pinch.zoom * now.apart) / pinch.first);
    draw(around, { x: now.x - corner.left, y: now.y - corner.top });
    pinch.last = now;
  }, { passive: false });
  for (const name of ['touchend', 'touchcancel']) around.addEventListener(name, () => { pinch = null; });
}

// Left and right go along the lines: to what a goal serves, and to the first that serves it, whose branch opens where
// it is folded. Up and down go to what a person sees as nearest in the column.
const isServing = (one, id) => one.dataset.serves.split(' ').includes(id);
let awaited = null;

function goTo(node) {
  node?.focus();
  node?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

const served = (node) => document.getElementById(node.dataset.serves.split(' ')[0]);

const serving = (id) => [...pane().querySelectorAll('[data-map-node]')].find((one) => isServing(one, id));

function neighbour(node, way) {
  const here = node.getBoundingClientRect();
  const down = (one) => (one.getBoundingClientRect().top - here.top) * way;
  return [...pane().querySelectorAll(`[data-map-node][data-depth="${node.dataset.depth}"]`)]
    .filter((one) => down(one) > 0).sort((one, other) => down(one) - down(other))[0];
}

function inwards(node) {
  const branch = document.getElementById(node.id.replace('goal-', 'branch-'));
  if (branch?.getAttribute('aria-expanded') !== 'false') return serving(node.id);
  awaited = node.id;
  branch.click();
  return null;
}

const KEYS = {
  ArrowLeft: served, ArrowRight: inwards, ArrowUp: (node) => neighbour(node, -1), ArrowDown: (node) => neighbour(node, 1),
};
on('keydown', '[data-map-node]', (event, node) => {
  if (!(event.key in KEYS) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  goTo(KEYS[event.key](node));
});

let left = null;
document.addEventListener('htmx:beforeSwap', (event) => {
  const around = event.detail.target?.querySelector?.('[data-map]');
  left = around ? { x: around.scrollLeft, y: around.scrollTop } : null;
});
let held = null;
function take(around) {
  if (around === held) return;
  takeFingers(around);
  if (!held) open(around);
  else {
    if (around.querySelector('.is-found')) zoom = Math.max(zoom, READABLE);
    draw(around);
  }
  held = around;
}
document.addEventListener('htmx:afterSettle', () => {
  const around = pane();
  if (!around) return;
  take(around);
  if (left) [around.scrollLeft, around.scrollTop] = [left.x, left.y];
  left = null;
  if (awaited) goTo(serving(awaited) ?? document.getElementById(awaited));
  awaited = null;
  around.querySelector('.is-found')?.scrollIntoView({ block: 'center', inline: 'center' });
});
if (pane()) take(pane());
