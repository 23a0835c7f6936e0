// Formulas complete themselves: metrics by key or by name in either language, columns, functions. The words come with
// the page (data-terms names the element that holds them); what is written is always the key. While an input method
// composes, its keys belong to it. A textarea stays a text box to assistive technology; an input is a combobox.
import { announce, element, on } from './dom.js';
import { say } from './words.js';

const MOST = 8;
const WORD = /[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff]*$/;
const FIELD = '[data-terms]';
let isTaking = false;

const listOf = (field) => document.getElementById(`${field.id}-terms`);
const termsOf = (field) => JSON.parse(document.getElementById(field.dataset.terms)?.textContent ?? '[]');

/** The word before the caret, from where it starts; a quotation mark that is still open belongs to it. */
function wordBefore(field) {
  const text = field.value.slice(0, field.selectionStart);
  if ((text.split('"').length - 1) % 2) {
    const start = text.lastIndexOf('"');
    return { start, text: text.slice(start + 1), isQuoted: true };
  }
  const found = WORD.exec(text);
  return found ? { start: found.index, text: found[0] } : { start: text.length, text: '' };
}

/** How near a term is to what was typed, the nearest 0; null where it is none of it. */
function distance(term, typed) {
  const said = [term.text, term.name, ...term.also.split(' '), term.also].map((each) => each.toLowerCase());
  const begins = said.findIndex((each) => each.startsWith(typed));
  if (begins >= 0) return Math.min(begins, 2);
  return said.some((each) => each.includes(typed)) ? 3 : null;
}

function matching(field, typed) {
  return termsOf(field)
    .map((term) => ({ term, away: distance(term, typed.toLowerCase()) }))
    .filter(({ away }) => away !== null)
    .sort((one, other) => one.away - other.away)
    .slice(0, MOST)
    .map(({ term }) => term);
}

function close(field) {
  listOf(field)?.remove();
  for (const name of ['aria-controls', 'aria-activedescendant']) field.removeAttribute(name);
  if (field.getAttribute('role') === 'combobox') field.setAttribute('aria-expanded', 'false');
}

function offer(field, { isAsked = false } = {}) {
  close(field);
  const typed = wordBefore(field).text;
  if (!typed && !isAsked) return;
  const terms = matching(field, typed);
  if (!terms.length || (!isAsked && terms.length === 1 && terms[0].text === typed)) return;
  const list = element('div', { id: `${field.id}-terms`, role: 'listbox', class: 'menu-list terms', 'aria-label': say('terms') });
  terms.forEach((term, place) => {
    const name = element('span', { class: 'grow' }, term.name, element('span', { class: 'd-block t-xs t-3 mono' }, term.text));
    const option = element('div', { id: `${list.id}-${place}`, role: 'option', class: 'menu-item', 'aria-selected': 'false', 'data-text': term.text });
    option.append(name, element('span', { class: 't-xs t-2' }, term.note));
    list.append(option);
  });
  field.after(list);
  field.setAttribute('aria-controls', list.id);
  if (field.getAttribute('role') === 'combobox') field.setAttribute('aria-expanded', 'true');
  announce(say('terms_found', { number: terms.length }));
  choose(field, 0);
}

function choose(field, place) {
  const options = [...listOf(field).children];
  const at = (place + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute('aria-selected', String(index === at)));
  options[at].scrollIntoView({ block: 'nearest' });
  field.setAttribute('aria-activedescendant', options[at].id);
}

function take(field, option) {
  const { start, isQuoted } = wordBefore(field);
  let end = field.selectionStart;
  // The rest of a word whose middle the caret is in goes too, and a bracket that is there already is not written twice.
  end += /^[A-Za-z0-9_\u4e00-\u9fff]*/.exec(field.value.slice(end))[0].length;
  if (isQuoted && field.value[end] === '"') end += 1;
  if (option.dataset.text.endsWith('(') && field.value[end] === '(') end += 1;
  field.setRangeText(option.dataset.text, start, end, 'end');
  close(field);
  field.focus();
  isTaking = true;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  isTaking = false;
}

on('input', FIELD, (event, field) => { if (!event.isComposing && !isTaking) offer(field); });
on('compositionend', FIELD, (event, field) => offer(field));
on('click', FIELD, (event, field) => close(field));
on('keydown', FIELD, (event, field) => {
  if (event.isComposing || event.keyCode === 229) return;
  const list = listOf(field);
  if (!list) {
    const isOpening = (event.key === ' ' && event.ctrlKey) || (event.key === 'ArrowDown' && (event.altKey || field.tagName === 'INPUT'));
    if (!isOpening) return;
    event.preventDefault();
    offer(field, { isAsked: true });
    return;
  }
  const now = [...list.children].findIndex((option) => option.getAttribute('aria-selected') === 'true');
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) choose(field, now + steps[event.key]);
  else if (event.key === 'Escape') close(field);
  else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && !event.metaKey && !event.ctrlKey) take(field, list.children[now]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
on('mousedown', '.terms [role="option"]', (event, option) => {
  event.preventDefault();
  take(option.parentElement.previousElementSibling, option);
});
document.addEventListener('focusout', (event) => { if (event.target.matches?.(FIELD)) close(event.target); });

/** Where a place in the text as it was sent lies in the field: sent lines end with two letters, and no space leads. */
function placeIn(field, place) {
  const text = field.value;
  let at = text.length - text.trimStart().length;
  for (let sent = 0; sent < place && at < text.length; at += 1) sent += text[at] === '\n' ? 2 : 1;
  return at;
}
on('click', '[data-place]', (event, button) => {
  const field = document.getElementById(button.dataset.in);
  if (!field) return;
  const start = placeIn(field, Number(button.dataset.place));
  field.focus();
  field.setSelectionRange(start, start + Number(button.dataset.letters));
});
document.addEventListener('htmx:oobAfterSwap', () => {
  const said = document.getElementById('formula-said');
  document.querySelectorAll(FIELD).forEach((field) => {
    if (said?.querySelector('.note')) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  });
});
