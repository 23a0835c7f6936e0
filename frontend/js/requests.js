// What people see of a request: the pressed button turns, errors become a sentence, typed text stays.
import { toast } from './toasts.js';
import { say } from './words.js';

const pressed = new WeakMap();

// Waiting buttons are not `disabled`: that would take the focus away from whoever works by keyboard.
document.addEventListener('click', (event) => {
  if (!(event.target instanceof Element) || !event.target.closest('button[data-busy]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

function busy(button) {
  if (!(button instanceof HTMLButtonElement) || button.dataset.busy) return;
  button.dataset.busy = 'true';
  button.setAttribute('aria-busy', 'true');
  button.setAttribute('aria-disabled', 'true');
}

function idle(button) {
  if (!button?.dataset.busy) return;
  delete button.dataset.busy;
  button.removeAttribute('aria-busy');
  button.removeAttribute('aria-disabled');
}

function buttonOf(detail) {
  const event = detail.requestConfig?.triggeringEvent;
  if (event?.submitter) return event.submitter;
  return detail.elt instanceof HTMLButtonElement ? detail.elt : null;
}

document.addEventListener('htmx:beforeSend', (event) => {
  const button = buttonOf(event.detail);
  if (button) { pressed.set(event.detail.xhr, button); busy(button); }
});
document.addEventListener('htmx:afterRequest', (event) => idle(pressed.get(event.detail.xhr)));

document.addEventListener('submit', (event) => {
  if (event.defaultPrevented || event.target.method !== 'post') return;
  // After this turn, or the browser would leave the button's own value out of the form.
  setTimeout(() => busy(event.submitter));
  setTimeout(() => idle(event.submitter), 8000);
});
window.addEventListener('pageshow', () => document.querySelectorAll('button[data-busy]').forEach(idle));

const NAMES = { 401: 'forbidden', 403: 'forbidden', 404: 'gone', 410: 'gone', 413: 'too_large', 429: 'busy' };

// An answer that is an error, as a sentence.
export const sayOf = (status) => say(NAMES[status] ?? 'failed');

document.addEventListener('htmx:sendError', () => toast({ text: say('offline'), level: 'bad' }));
document.addEventListener('htmx:timeout', () => toast({ text: say('offline'), level: 'bad' }));
document.addEventListener('htmx:responseError', (event) => {
  if ((event.detail.xhr.getResponseHeader('HX-Trigger') ?? '').includes('toast')) return;
  toast({ text: sayOf(event.detail.xhr.status), level: 'bad' });
});

// An error summary takes the focus, on a full page as well as in a swapped fragment.
function focusIn(root) {
  const first = root.matches?.('[data-focus]') ? root : root.querySelector?.('[data-focus]');
  if (first) { first.removeAttribute('data-focus'); first.focus(); }
}
document.addEventListener('DOMContentLoaded', () => focusIn(document));

// Whoever works by keyboard goes on where they were. htmx finds the pressed button again by its id; where that is gone,
// the focus goes to the heading of what has taken its place, or to the first thing in it.
let left = null;
document.addEventListener('htmx:beforeSwap', ({ detail: { target } }) => {
  const isInside = document.activeElement !== document.body && target?.contains(document.activeElement);
  left = isInside ? target.id : null;
});
document.addEventListener('htmx:afterSettle', ({ detail: { elt } }) => {
  focusIn(elt);
  if (left === null || (document.activeElement ?? document.body) !== document.body) return;
  const place = document.getElementById(left) ?? elt;
  left = null;
  const first = place.querySelector?.('h1, h2, h3, a[href], button');
  if (first && !first.matches('a, button')) first.tabIndex = -1;
  first?.focus();
});
