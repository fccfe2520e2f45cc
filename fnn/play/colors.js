// Colours: of classes, told apart by all kinds of colour vision (Okabe & Ito), and of numbers below and above 0.

const CLASS_COLORS = [[0, 114, 178], [213, 94, 0], [0, 158, 115], [230, 159, 0], [204, 121, 167], [86, 180, 233]];
const dark = matchMedia("(prefers-color-scheme: dark)");
const middle = () => (dark.matches ? [24, 27, 33] : [250, 250, 248]);
const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

const packed = (r, g, b) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
const toward = (color, share) => {
  const from = middle();
  return packed(...color.map((c, i) => Math.round(from[i] + (c - from[i]) * share)));
};

// 256 steps from the middle to each colour.
let ramps = [];
const makeRamps = () => {
  const rampOf = (color) => Uint32Array.from({ length: 256 }, (_, i) => toward(color, (i / 255) ** 0.75 * 0.92));
  ramps = CLASS_COLORS.map(rampOf);
};
makeRamps();
const nowhere = () => (dark.matches ? packed(90, 94, 102) : packed(168, 170, 174));

// The colour of a number from −1 to 1.
const signed = (value) => {
  if (Number.isNaN(value)) return nowhere();
  const size = Math.min(255, Math.round(Math.abs(value) * 255));
  return ramps[value > 0 ? 1 : 0][size];
};

// The colours of a network's answers at n points, from its outputs.
const answersInto = (pixels, at, columns, n) => {
  if (columns.length === 1) {
    const column = columns[0];
    for (let g = 0; g < n; g++) pixels[at + g] = signed(2 * Math.min(1, Math.max(0, column[g])) - 1);
    return;
  }
  const least = 1 / columns.length;
  for (let g = 0; g < n; g++) {
    const best = classAt(columns, g);
    const share = best < 0 ? 0 : (Math.min(1, columns[best][g]) - least) / (1 - least);
    pixels[at + g] = best < 0 ? nowhere() : ramps[best][Math.round(255 * Math.max(0, 0.25 + 0.75 * share))];
  }
};
// The colours of one unit's outputs: as they are where they lie between −1 and 1, else beside the largest.
const unitInto = (pixels, column, name, n) => {
  let largest = 0;
  for (let g = 0; g < n; g++) largest = Math.max(largest, Math.abs(column[g]));
  const factor = name === "tanh" ? 1 : 1 / (largest || 1);
  const half = name === "sigmoid" || name === "softmax";
  for (let g = 0; g < n; g++) pixels[g] = signed(half ? 2 * column[g] - 1 : column[g] * factor);
};
