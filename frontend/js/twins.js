// A slider beside a number: either moves the other. The number is what is sent; without scripts the slider stays hidden.
function shown(range) {
  const number = document.getElementById(range.dataset.twin);
  const way = document.getElementById(range.dataset.twinWay);
  range.hidden = way.value !== 'percent';
  range.value = way.value === 'percent' ? number.value || 0 : 0;
}

function start(root) { root.querySelectorAll('input[type="range"][data-twin]').forEach(shown); }

document.addEventListener('input', (event) => {
  const range = event.target.closest?.('input[type="range"][data-twin]');
  if (range) document.getElementById(range.dataset.twin).value = Number(range.value) === 0 ? '' : range.value;
  else document.querySelectorAll(`input[data-twin="${CSS.escape(event.target.id ?? '')}"]`).forEach(shown);
});
document.addEventListener('change', (event) => {
  document.querySelectorAll(`input[data-twin-way="${CSS.escape(event.target.id ?? '')}"]`).forEach(shown);
});
start(document);
