// What the page was given: points, and of each setting the networks' weights and losses on their way.

const bytesOf = (text) => {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
};
const arrayOf = (Type, text) => new Type(bytesOf(text).buffer);

// Every number of two bytes (IEEE binary16) as it is.
const halves = () => Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, part = bits & 1023;
  if (exponent === 0) return sign * part * 2 ** -24;
  if (exponent === 31) return part ? NaN : sign * Infinity;
  return sign * (1 + part / 1024) * 2 ** (exponent - 15);
});
const halvesOf = (text) => {
  const table = halves(), bits = arrayOf(Uint16Array, text), values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
};

const given = JSON.parse(document.getElementById("given").textContent);
const S = given.seeds, F = given.frames.length;
const first = BigInt(given.firstSeed);
const seedOf = (k) => String(first + BigInt(k));

const points = (() => {
  const x = arrayOf(Float32Array, given.data.x), labels = bytesOf(given.data.labels), N = labels.length;
  const columns = [0, 1].map((i) => Float64Array.from({ length: N }, (_, n) => x[2 * n + i]));
  return { N, columns, labels };
})();
// A number as the data has it, of the one that networks are given.
const inData = (value, i) => value / (given.data.factor[i] || 1) + given.data.center[i];

const settings = given.settings.map((setting) => {
  const K = countWeights(setting.layers), P = setting.curveEpochs.length;
  const weights = given.bytes === 2 ? halvesOf(setting.weights) : arrayOf(Float32Array, setting.weights);
  const last = arrayOf(Float32Array, setting.last), losses = arrayOf(Float32Array, setting.losses);
  const loss = arrayOf(Float64Array, setting.loss);
  const numbers = Object.fromEntries(
    ["solved", "diverged", "stopped"].map((name) => [name, arrayOf(Int32Array, setting[name])]),
  );
  const placeOf = setting.frames.map((epoch) => setting.curveEpochs.indexOf(epoch));
  return {
    ...setting, ...numbers, K, P, loss,
    weightsOf: (k, f) => {
      const [of, at] = f === F - 1 ? [last, k] : [weights, k * F + f];
      return of.subarray(at * K, (at + 1) * K);
    },
    curveOf: (k) => losses.subarray(k * P, (k + 1) * P),
    lossAt: (k, f) => (f === F - 1 ? loss[k] : losses[k * P + placeOf[f]]),
    // Whether network k was solved by frame f, for good.
    solvedBy: (k, f) => numbers.solved[k] >= 0 && numbers.solved[k] <= setting.frames[f],
  };
});

// The better it went, the higher: lost ones by their loss, solved ones by how soon.
const ranks = settings.map((s) => Array.from({ length: S }, (_, k) => {
  if (s.solved[k] >= 0) return 2 - s.solved[k] / (s.epochs + 1);
  return s.diverged[k] >= 0 || !Number.isFinite(s.loss[k]) ? -Infinity : -s.loss[k];
}));
const solvedAtEnd = (s, k) => s.solved[k] >= 0;

// Numbers as `fnn.formats` has them.
const exponent = (text) => text.replace("e+", "e").replace("e-", "e−");
const shown = (value) => {
  if (value < 0) return `−${shown(-value)}`;
  if (!Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  if (value < 1e-4 || value >= 1e6) return exponent(value.toExponential(2)).replace(/\.?0*e/, "e");
  return String(Number(value.toPrecision(3)));
};
const exact = (value) => exponent(value.toPrecision(6).replace(/^-/, "−"));
const thousands = new Intl.NumberFormat("en");
const whole = (value) => thousands.format(value);

// ---- elements ----

const SVG = "http://www.w3.org/2000/svg";
const made = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
};
const node = (name, attributes = {}, ...children) => made(document.createElement(name), attributes, children);
const drawn = (name, attributes = {}, ...children) => made(document.createElementNS(SVG, name), attributes, children);
