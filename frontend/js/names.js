// "@" in a text calls somebody: names appear under it, chosen with the mouse or the keyboard. An address is no call,
// but Chinese is written without spaces; the server reads calls by the same rule.
import { element, on } from './dom.js';

const CALL = /(?:^|[^A-Za-z0-9_.@])@([^@\n]{0,30})$/;
const WAIT_MS = 150;
let waiting = 0;

const listOf = (text) => document.getElementById(text.getAttribute('aria-controls') ?? '');

function close(text) {
  clearTimeout(waiting);
  listOf(text)?.remove();
  for (const name of ['aria-controls', 'aria-activedescendant', 'aria-expanded']) text.removeAttribute(name);
}

function callBefore(text) {
  return CALL.exec(text.value.slice(0, text.selectionStart));
}

async function offer(text) {
  const call = callBefore(text);
  if (!call || call[1].startsWith(' ')) { close(text); return; }
  const answer = await fetch(`${text.dataset.names}?q=${encodeURIComponent(call[1])}`, { headers: { 'HX-Request': 'true' } });
  if (!answer.ok || callBefore(text)?.[1] !== call[1]) return;
  const found = await answer.text();
  close(text);
  if (!found.trim()) return;
  const list = element('div', { id: `${text.id}-names`, role: 'listbox', class: 'menu-list names', 'aria-label': '@' });
  list.innerHTML = found;
  list.querySelectorAll('[role="option"]').forEach((option, place) => {
    option.id = `${list.id}-${place}`;
    option.tabIndex = -1;
    option.setAttribute('aria-selected', 'false');
  });
  text.after(list);
  text.setAttribute('aria-controls', list.id);
  text.setAttribute('aria-expanded', 'true');
  choose(text, 0);
}

function choose(text, place) {
  const options = [...listOf(text).querySelectorAll('[role="option"]')];
  const at = (place + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute('aria-selected', String(index === at)));
  options[at].scrollIntoView({ block: 'nearest' });
  text.setAttribute('aria-activedescendant', options[at].id);
}

function take(text, option) {
  const call = callBefore(text);
  if (!call) return;
  const start = text.selectionStart - call[1].length;
  text.setRangeText(`${option.dataset.name} `, start, text.selectionStart, 'end');
  close(text);
  text.focus();
  text.dispatchEvent(new Event('change', { bubbles: true }));
}

on('input', 'textarea[data-names]', (event, text) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => offer(text), WAIT_MS);
});
on('keydown', 'textarea[data-names]', (event, text) => {
  const list = listOf(text);
  if (!list) return;
  const now = [...list.children].findIndex((option) => option.getAttribute('aria-selected') === 'true');
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) choose(text, now + steps[event.key]);
  else if (event.key === 'Escape') close(text);
  else if ((event.key === 'Enter' || event.key === 'Tab') && !event.metaKey && !event.ctrlKey) take(text, list.children[now]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
on('mousedown', '.names [role="option"]', (event, option) => {
  event.preventDefault();
  take(option.parentElement.previousElementSibling, option);
});
document.addEventListener('focusout', (event) => { if (event.target.matches?.('textarea[data-names]')) close(event.target); });
