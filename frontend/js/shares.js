// Weights edited together on one bar: whatever one share gains the others give, so that they always sum to 100 %.
// Shares that are kept (the box beside them) do not move. In ten-thousandths of a percent, so that nothing is lost.
import { on } from './dom.js';
import { say } from './words.js';

const WHOLE = 1_000_000;
const STEP = 10_000;
const FINE = 100;
const read = (input) => Math.round((parseFloat(input.value.replace(',', '.')) || 0) * STEP);

function partsOf(bar) {
  return [...bar.form().querySelectorAll('input[data-sum]')].map((input) => {
    const row = input.closest('fieldset');
    const title = row.querySelector('[name$="-title"]')?.value.trim();
    return {
      input,
      units: read(input),
      isKept: Boolean(row.querySelector('[name$="-locked"]')?.checked),
      name: title || row.querySelector('legend').textContent.trim(),
    };
  });
}

function write(part, units) {
  part.units = units;
  part.input.value = String(units / STEP);
}

/** Those that nobody has typed or kept take what is left, in proportion to what they had and to two decimals; the
    largest takes what rounding leaves. Once all are typed, they stay, and the sum says what is missing. */
function settle(parts, moved) {
  const stays = (part) => part === moved || part.isKept || part.input.dataset.typed;
  const free = parts.filter((part) => !stays(part));
  const kept = parts.filter(stays).reduce((sum, part) => sum + part.units, 0);
  if (!free.length || kept > WHOLE) return;
  const left = WHOLE - kept;
  const had = free.reduce((sum, part) => sum + part.units, 0);
  const shares = free.map((part) => Math.floor((had ? (left * part.units) / had : left / free.length) / FINE) * FINE);
  const largest = shares.indexOf(Math.max(...shares));
  shares[largest] += left - shares.reduce((sum, share) => sum + share, 0);
  free.forEach((part, place) => write(part, shares[place]));
}

function tell(bar) {
  const first = bar.form().querySelector('input[data-sum]');
  first?.dispatchEvent(new Event('input', { bubbles: true }));
}

function draw(element) {
  const bar = { element, form: () => element.closest('form') };
  const parts = partsOf(bar);
  const sum = parts.reduce((total, part) => total + part.units, 0);
  element.hidden = parts.length < 2 || sum <= 0;
  if (element.hidden) return;
  // The handles stay the same elements, so that the one in use keeps the focus.
  if (element.children.length !== 2 * parts.length - 1) {
    element.replaceChildren();
    parts.forEach((part, place) => {
      if (place) {
        const handle = document.createElement('button');
        handle.type = 'button';
        handle.className = 'share-handle';
        handle.dataset.handle = String(place);
        handle.setAttribute('role', 'slider');
        handle.setAttribute('aria-valuemin', '0');
        element.append(handle);
      }
      const share = document.createElement('span');
      share.className = `share s${(place % 8) + 1}`;
      element.append(share);
    });
  }
  parts.forEach((part, place) => {
    const share = element.children[2 * place];
    share.style.flexGrow = String(part.units);
    share.classList.toggle('is-kept', part.isKept);
    if (!place) return;
    const [left, handle] = [parts[place - 1], element.children[2 * place - 1]];
    handle.disabled = left.isKept || part.isKept;
    handle.setAttribute('aria-label', say('share_between', { left: left.name, right: part.name }));
    handle.setAttribute('aria-valuenow', String(left.units / STEP));
    handle.setAttribute('aria-valuemax', String((left.units + part.units) / STEP));
    handle.setAttribute('aria-valuetext', say('share_values', { left: left.units / STEP, right: part.units / STEP }));
  });
}

/** Moves the border between two neighbours to where the left one has so many units. */
function move(element, place, units) {
  const parts = partsOf({ form: () => element.closest('form') });
  const [left, right] = [parts[place - 1], parts[place]];
  const both = left.units + right.units;
  const whole = Math.min(Math.max(units, 0), both);
  write(left, whole);
  write(right, both - whole);
  draw(element);
  tell({ form: () => element.closest('form') });
}

const bars = (around = document) => around.querySelectorAll?.('[data-shares]') ?? [];

on('change', 'input[data-sum]', (_event, input) => {
  if (!Number.isFinite(Number(input.value.replace(',', '.'))) || !input.value.trim()) return;
  input.dataset.typed = 'true';
  for (const element of bars(input.form)) {
    const parts = partsOf({ form: () => input.form });
    settle(parts, parts.find((part) => part.input === input));
    draw(element);
    tell({ form: () => input.form });
  }
});
on('change', '[name$="-locked"]', (_event, box) => bars(box.form).forEach(draw));
on('input', '[name$="-title"]', (_event, field) => bars(field.form ?? document).forEach(draw));

on('keydown', '[data-handle]', (event, handle) => {
  const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }[event.key];
  if (!step || handle.disabled) return;
  event.preventDefault();
  const element = handle.closest('[data-shares]');
  move(element, Number(handle.dataset.handle), Number(handle.getAttribute('aria-valuenow')) * STEP + step * STEP);
});

on('pointerdown', '[data-handle]', (event, handle) => {
  if (event.button || handle.disabled) return;
  event.preventDefault();
  handle.focus();
  const element = handle.closest('[data-shares]');
  const start = { x: event.clientX, units: Number(handle.getAttribute('aria-valuenow')) * STEP };
  const follow = (next) => {
    const whole = Math.round(start.units / STEP + ((next.clientX - start.x) / element.clientWidth) * 100);
    move(element, Number(handle.dataset.handle), whole * STEP);
  };
  const stop = () => handle.removeEventListener('pointermove', follow);
  handle.setPointerCapture(event.pointerId);
  handle.addEventListener('pointermove', follow);
  handle.addEventListener('pointerup', stop, { once: true });
  handle.addEventListener('pointercancel', stop, { once: true });
});

document.addEventListener('DOMContentLoaded', () => bars().forEach(draw));
document.addEventListener('htmx:afterSettle', () => bars().forEach(draw));
