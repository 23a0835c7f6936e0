// Signatures, locks and publishing ask first, in words: on a button, link or form `data-confirm="what follows"`,
// `data-confirm-title="What is about to happen?"` and `data-confirm-yes="Its verb"`.
// Without JavaScript the form simply submits; the server stays the judge either way.
const agreed = new WeakSet();

function ask(element, proceed) {
  const dialog = document.getElementById('confirm');
  if (!dialog) return proceed();
  dialog.querySelector('[data-confirm-title]').textContent = element.dataset.confirmTitle;
  dialog.querySelector('[data-confirm-text]').textContent = element.dataset.confirm;
  const yes = dialog.querySelector('[data-confirm-yes]');
  yes.textContent = element.dataset.confirmYes;
  yes.className = element.dataset.confirmKind === 'danger' ? 'btn btn-danger' : 'btn btn-primary';
  dialog.returnValue = '';
  dialog.addEventListener('close', () => { if (dialog.returnValue === 'yes') proceed(); else element.focus?.(); }, { once: true });
  dialog.showModal();
  return undefined;
}

function hold(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

document.addEventListener('click', (event) => {
  const element = event.target instanceof Element ? event.target.closest('[data-confirm]:not(form)') : null;
  if (!element) return;
  if (agreed.delete(element)) return;
  // The browser says first what is missing in the form; where the form has no such words (`novalidate`), the server
  // does, if the button says that it asks about whole forms only (`data-confirm-whole`).
  if ('confirmWhole' in element.dataset && !element.form.checkValidity()) return;
  if (element.form && element.type === 'submit' && !element.formNoValidate && !element.form.noValidate && !element.form.checkValidity()) return;
  hold(event);
  ask(element, () => { agreed.add(element); element.click(); });
}, true);

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.confirm) return;
  if (agreed.delete(form)) return;
  hold(event);
  const { submitter } = event;
  ask(form, () => { agreed.add(form); form.requestSubmit(submitter); });
}, true);
