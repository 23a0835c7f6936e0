// Weights edited together on one bar: whatever one share gains the others give, so that they always sum to 100 %.
// Shares that are kept (the box beside them) do not move. In ten-thousandths of a percent, so that nothing is lost.
import { on } from './dom.js';
import { STEP, WHOLE, textOf, unitsOf } from './shares-units.js';
import { toast } from './toasts.js';
import { say } from './words.js';

const FINE = 100;

function partsOf(bar) {
  return [...bar.form().querySelectorAll('input[data-sum]')].map((input) => {
    const row = input.closest('fieldset');
    const title = row.querySelector('[name$="-title"]')?.value.trim();
    return {
      input,
      units: Math.max(unitsOf(input.value) ?? 0, 0),
      isKept: Boolean(row.querySelector('[name$="-locked"]')?.checked),
      name: title || row.querySelector('legend').textContent.trim(),
    };
  });
}

function write(part, units) {
  part.units = units;
  part.input.value = textOf(units);
}

const total = (parts) => parts.reduce((sum, part) => sum + part.units, 0);

/** No share takes more than those kept leave it. */
function clamp(moved, others) {
  const most = Math.max(WHOLE - total(others.filter((part) => part.isKept)), 0);
  const typed = unitsOf(moved.input.value) ?? 0;
  const units = Math.min(Math.max(typed, 0), most);
  if (units === typed) return;
  write(moved, units);
  toast({ text: say('share_clamped', { share: textOf(units), most: textOf(most) }), level: 'info' });
}

/** Those that nobody has typed or kept take what is left, in proportion to what they had and to two decimals; the
    largest takes what rounding leaves. Where all are typed, or what is typed passes the whole, those typed before give
    too. What is kept stays, and the sum says what is missing. */
function settle(parts, moved) {
  const others = parts.filter((part) => part !== moved);
  clamp(moved, others);
  const loose = others.filter((part) => !part.isKept);
  const untyped = loose.filter((part) => !part.input.dataset.typed);
  const room = (free) => WHOLE - total(parts.filter((part) => !free.includes(part)));
  const free = untyped.length && room(untyped) >= 0 ? untyped : loose;
  const left = room(free);
  if (!free.length || left < 0) return;
  const had = total(free);
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
  const sum = total(parts);
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
    handle.setAttribute('aria-valuenow', textOf(left.units));
    handle.setAttribute('aria-valuemax', textOf(left.units + part.units));
    handle.setAttribute('aria-valuetext', say('share_values', { left: textOf(left.units), right: textOf(part.units) }));
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
  if (unitsOf(input.value) === null) return;
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
  const end = { Home: 'aria-valuemin', End: 'aria-valuemax' }[event.key];
  if ((!step && !end) || handle.disabled) return;
  event.preventDefault();
  const element = handle.closest('[data-shares]');
  const wanted = end ? unitsOf(handle.getAttribute(end)) : unitsOf(handle.getAttribute('aria-valuenow')) + step * STEP;
  move(element, Number(handle.dataset.handle), wanted);
});

on('pointerdown', '[data-handle]', (event, handle) => {
  if (event.button || handle.disabled) return;
  event.preventDefault();
  handle.focus();
  const element = handle.closest('[data-shares]');
  const start = { x: event.clientX, units: unitsOf(handle.getAttribute('aria-valuenow')) };
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
