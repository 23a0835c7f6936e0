// Shares in ten-thousandths of a percent, read from text and written as text without a floating number in between.
export const STEP = 10_000;
export const WHOLE = 100 * STEP;

const SHARE = /^(-?)(\d*)(?:[.,](\d*))?$/;

/** "33.34" or "33,34" is 333400; null for what is no number, or finer than a ten-thousandth. */
export function unitsOf(text) {
  const found = SHARE.exec(text.normalize('NFKC').trim());
  if (!found || !(found[2] || found[3])) return null;
  const fine = (found[3] ?? '').replace(/0+$/, '');
  if (fine.length > 4 || found[2].length > 9) return null;
  return (found[1] ? -1 : 1) * (Number(found[2] || 0) * STEP + Number(fine.padEnd(4, '0')));
}

/** 333400 is "33.34". */
export function textOf(units) {
  const whole = Math.abs(units);
  const fine = String(whole % STEP).padStart(4, '0').replace(/0+$/, '');
  return `${units < 0 ? '-' : ''}${Math.floor(whole / STEP)}${fine && `.${fine}`}`;
}
