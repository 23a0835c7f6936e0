// Toasts, bottom left: ten seconds with something to do, six without, paused while pointed at or focused.
// They come from the HX-Trigger event `toast` and from messages that the server put into the page.
import { element, on } from './dom.js';
import { say } from './words.js';

const MOST = 3;

function template(level) {
  const drawn = document.getElementById(`toast-${level}`) ?? document.getElementById('toast-info');
  return drawn ? drawn.content.firstElementChild.cloneNode(true) : element('div', { class: 'toast-o' }, element('span', { class: 'grow', 'data-toast-text': true }));
}

function undoForm(url, label) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? '';
  return element('form', { method: 'post', action: url },
    element('input', { type: 'hidden', name: 'csrfmiddlewaretoken', value: token }),
    element('input', { type: 'hidden', name: 'next', value: location.pathname + location.search }),
    element('button', { type: 'submit' }, label || say('undo')));
}

/** Shows a sentence. `undo` is a URL that takes a plain POST and redirects, `correct` the address of what can be corrected. */
export function toast({ text, level = 'good', undo = '', undo_label: label = '', correct = '' }) {
  const place = document.getElementById('toasts');
  if (!place || !text) return;
  const shown = template(level);
  shown.querySelector('[data-toast-text]').textContent = text;
  if (undo) {
    shown.append(undoForm(undo, label), element('span', { class: 't-xs num', 'data-toast-left': true, 'aria-hidden': 'true' }));
  }
  if (correct) shown.append(element('a', { href: correct }, say('correct')));
  if (undo || correct) shown.setAttribute('data-seconds', '10');
  shown.append(element('button', { type: 'button', class: 'toast-x', 'data-toast-close': true, 'aria-label': say('close') }, '×'));
  place.append(shown);
  while (place.children.length > MOST) place.firstElementChild.remove();
  run(shown);
}

function run(shown) {
  const seconds = Number(shown.dataset.seconds || (shown.classList.contains('toast-bad') ? 10 : 6));
  const left = shown.querySelector('[data-toast-left]');
  let rest = seconds * 10;
  const timer = setInterval(() => {
    if (!shown.isConnected) return clearInterval(timer);
    if (shown.matches(':hover, :focus-within')) return undefined;
    rest -= 1;
    if (left) left.textContent = say('seconds', { count: Math.ceil(rest / 10) });
    if (rest <= 0) { clearInterval(timer); shown.remove(); }
    return undefined;
  }, 100);
}

on('click', '[data-toast-close]', (event, button) => button.closest('.toast-o').remove());
document.addEventListener('toast', (event) => toast(event.detail.value && typeof event.detail.value === 'object' ? event.detail.value : typeof event.detail.value === 'string' ? { text: event.detail.value } : event.detail));
document.addEventListener('DOMContentLoaded', () => document.querySelectorAll('#toasts .toast-o').forEach(run));
