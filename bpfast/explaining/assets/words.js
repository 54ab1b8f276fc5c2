// Numbers and words as plain text.

export const plural = (n, word, words = `${word}s`) => `${n} ${n === 1 ? word : words}`;
export const listed = (words) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

export const superscript = (integer) =>
  [...String(integer)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789-".indexOf(c)]).join("");

// A number with at most `digits` significant digits, a real minus sign and a power of ten.
export const number = (value, digits = 7) => {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = String(Number(value.toPrecision(digits)) + 0).split("e");
  const text = mantissa.replace("-", "−");
  if (exponent === undefined) return text;
  return `${text}×10${superscript(Number(exponent))}`;
};

// A number that may follow an operator.
export const signed = (value) => (value < 0 ? `(${number(value)})` : number(value));

// A number for a formula's text.
export const plain = (value) => String(Number(value.toPrecision(10)));
