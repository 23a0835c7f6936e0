// What is typed into a form with a draft ([data-draft]) is kept: two seconds after the last key, five after the first
// at the latest, and when the page goes. htmx sends it (hx-trigger="keep"); from a page that goes, it leaves by itself.
import htmx from 'htmx.org';
import { on } from './dom.js';

const CHANGED_MS = 600;
const TYPED_MS = 2000;
const LATEST_MS = 5000;
const waiting = new Map();
const sending = new Set();

function plan(place, wait) {
  const now = Date.now();
  const since = waiting.get(place)?.since ?? now;
  clearTimeout(waiting.get(place)?.timer);
  const timer = setTimeout(() => keep(place), Math.min(wait, Math.max(0, since + LATEST_MS - now)));
  waiting.set(place, { since, timer });
}

function forget(place) {
  clearTimeout(waiting.get(place)?.timer);
  waiting.delete(place);
}

function keep(place) {
  const planned = waiting.get(place);
  if (!place.isConnected) { forget(place); return; }
  htmx.trigger(place, 'keep');
  if (waiting.get(place) !== planned) return;
  // Another request of the form is on its way, and this one was left out.
  forget(place);
  plan(place, TYPED_MS);
}

on('input', '[data-draft]', (event, place) => plan(place, TYPED_MS));
on('change', '[data-draft]', (event, place) => plan(place, CHANGED_MS));

function placeOf({ detail: { elt } }) {
  if (elt?.matches?.('[data-draft]')) return elt;
  return elt instanceof HTMLFormElement ? elt.querySelector('[data-draft]') : null;
}

document.addEventListener('htmx:beforeRequest', (event) => {
  const place = placeOf(event);
  if (place) { forget(place); sending.add(place); }
});
document.addEventListener('htmx:afterRequest', (event) => sending.delete(placeOf(event)));
for (const failure of ['htmx:sendError', 'htmx:timeout', 'htmx:responseError']) {
  document.addEventListener(failure, (event) => {
    const place = placeOf(event);
    if (place && !waiting.has(place)) waiting.set(place, { since: Date.now(), timer: 0 });
  });
}

// A request of a page that goes may never leave, so what is on its way is sent again. The server keeps no draft of a form
// that was sent before. The form carries the token; browsers let a small request alone outlive its page.
function leave() {
  for (const place of new Set([...waiting.keys(), ...sending])) {
    forget(place);
    if (!place.isConnected) continue;
    const send = (keepalive) => fetch(place.getAttribute('hx-post'), { method: 'POST', body: new FormData(place.closest('form')), headers: { 'HX-Request': 'true' }, keepalive });
    send(true).catch(() => send(false)).catch(() => {});
  }
  sending.clear();
}
window.addEventListener('pagehide', leave);
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') leave(); });
