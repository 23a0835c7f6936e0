// Nine-box: drag, or Enter, arrows, Enter. Both only fill the form beside it; the server moves when a reason is given.
import { announce, on } from './dom.js';
import { say } from './words.js';

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
let held = null;
let at = null;

const cellOf = (box, [row, column]) => box.querySelector(`[data-cell="${row}-${column}"]`);
const placeOf = (cell) => cell.dataset.cell.split('-').map(Number);
const nameOf = (person) => person.dataset.name
  || [...person.childNodes].filter((node) => !node.classList?.contains('avatar')).map((node) => node.textContent).join('').trim();

function mark(box, cell) {
  box.querySelectorAll('.drop').forEach((other) => other.classList.remove('drop'));
  if (cell) { cell.classList.add('drop'); announce(cell.dataset.name); }
}

function release(box) {
  held?.setAttribute('aria-pressed', 'false');
  held = null;
  mark(box, null);
}

function choose(box, person, cell) {
  held = null;
  box.querySelectorAll('.person').forEach((other) => {
    other.setAttribute('aria-pressed', String(other === person));
    other.classList.toggle('ghost', other === person);
  });
  mark(box, cell);
  const [row, column] = placeOf(cell);
  const performance = document.getElementById('mv-perf');
  const potential = document.getElementById('mv-pot');
  if (performance) performance.selectedIndex = column;
  if (potential) potential.selectedIndex = row;
  const who = document.getElementById('mv-person');
  if (who && person.dataset.person) who.value = person.dataset.person;
  const title = document.querySelector('#card-move .card-title');
  if (title) title.textContent = say('move', { name: nameOf(person) });
  document.getElementById('mv-why')?.focus();
}

on('keydown', '[data-nine] .person', (event, person) => {
  const box = person.closest('[data-nine]');
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    if (held === person) { choose(box, person, cellOf(box, at)); return; }
    held = person;
    at = placeOf(person.closest('.cell'));
    person.setAttribute('aria-pressed', 'true');
    mark(box, cellOf(box, at));
    announce(say('picked', { name: nameOf(person) }));
  } else if (held && event.key === 'Escape') {
    release(box);
  } else if (held && STEPS[event.key]) {
    event.preventDefault();
    const limit = (value) => Math.min(2, Math.max(0, value));
    at = [limit(at[0] + STEPS[event.key][0]), limit(at[1] + STEPS[event.key][1])];
    mark(box, cellOf(box, at));
  }
});
on('dragstart', '[data-nine] .person', (event, person) => { held = person; });
on('dragover', '[data-nine] .cell', (event, cell) => { if (held) { event.preventDefault(); mark(cell.closest('[data-nine]'), cell); } });
on('drop', '[data-nine] .cell', (event, cell) => { if (held) { event.preventDefault(); choose(cell.closest('[data-nine]'), held, cell); } });
on('dragend', '[data-nine]', (event, box) => { if (held) release(box); });
