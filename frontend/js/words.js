// Every sentence that scripts say comes with the page (template tag `script_words`), in its language.
let words = null;

export const language = () => document.documentElement.lang || 'en';

export function say(name, values = {}) {
  words ??= JSON.parse(document.getElementById('script-words')?.textContent ?? '{}');
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

/** A number in the language of the page, with a real minus. */
export function figure(value, decimals = 1, options = {}) {
  const format = new Intl.NumberFormat(language(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals, ...options });
  return format.format(value).replace('-', '−');
}

export function signedFigure(value, decimals = 1) {
  const text = figure(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}
