// A large file on its way says how far it is and can be stopped (`form[data-upload]`). Without scripts the form is sent
// as any other; with them the server answers either where to go on or the form with what is wrong in it.
import { announce, element } from './dom.js';
import { sayOf } from './requests.js';
import { toast } from './toasts.js';
import { figure, say } from './words.js';

const MEGABYTE = 1024 * 1024;

function shown(form) {
  const bar = element('progress', { class: 'prog', max: '1', 'aria-label': say('uploading') });
  const words = element('span', { class: 't-sm t-2 num' });
  const stop = element('button', { type: 'button', class: 'btn btn-quiet btn-sm' }, say('cancel'));
  const row = element('div', { class: 'row-x wrap mt-3', 'data-uploading': true }, element('div', { class: 'grow' }, bar), words, stop);
  form.append(row);
  return { row, bar, words, stop };
}

function moved({ bar, words, stop }, { lengthComputable, loaded, total }) {
  if (!lengthComputable) return;
  bar.value = loaded / total;
  // All of it is there: the server reads and keeps it, however long that takes, and nothing stops that any more.
  if (loaded === total) { bar.removeAttribute('value'); settled(words, stop); }
  words.textContent = loaded === total ? say('uploaded') : say('upload_part', {
    part: figure(loaded / MEGABYTE, 1), whole: figure(total / MEGABYTE, 1), percent: figure((100 * loaded) / total, 0),
  });
}

function settled(words, stop) {
  if (document.activeElement === stop) { words.tabIndex = -1; words.focus(); }
  stop.remove();
}

function answered(form, request) {
  const onward = request.getResponseHeader('HX-Redirect');
  if (onward) { location.assign(onward); return true; }
  const answer = new DOMParser().parseFromString(request.responseText, 'text/html').querySelector('form[data-upload]');
  if (request.status !== 422 || !answer) return false;
  form.replaceWith(document.importNode(answer, true));
  const place = document.querySelector('form[data-upload] [data-focus], form[data-upload] [aria-invalid]');
  place?.removeAttribute('data-focus');
  place?.focus();
  return true;
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches('form[data-upload]')) return;
  event.preventDefault();
  if (form.querySelector('[data-uploading]')) return;
  const request = new XMLHttpRequest();
  const progress = shown(form);
  const leave = (leaving) => leaving.preventDefault();
  const end = (text, level = 'bad') => { progress.row.remove(); if (text) toast({ text, level }); };
  request.open('POST', form.action);
  request.setRequestHeader('HX-Request', 'true');
  request.upload.addEventListener('progress', (step) => moved(progress, step));
  request.addEventListener('load', () => { window.removeEventListener('beforeunload', leave); if (!answered(form, request)) end(sayOf(request.status)); });
  request.addEventListener('error', () => end(say('offline')));
  request.addEventListener('abort', () => end(say('upload_stopped'), 'info'));
  request.addEventListener('loadend', () => window.removeEventListener('beforeunload', leave));
  progress.stop.addEventListener('click', () => { request.abort(); event.submitter?.focus(); });
  window.addEventListener('beforeunload', leave);
  request.send(new FormData(form, event.submitter));
  announce(say('uploading'));
});
