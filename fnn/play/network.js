// The network: what each layer computes, in the names and the order of fnn.network.

const SELU_SCALE = 1.0507009873554805, SELU_ALPHA = 1.6732632423543772;

const sigmoid = (z) => {
  const e = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : e) / (1 + e);
};

// erfc by a rational Chebyshev fit, relative error below 1.2e-7: Press et al., Numerical Recipes, 6.2.
const erfc = (x) => {
  const t = 2 / (2 + Math.abs(x));
  let sum = 0.17087277;
  for (const c of [-0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368]) {
    sum = c + t * sum;
  }
  const tail = t * Math.exp(-x * x - 1.26551223 + t * sum);
  return x >= 0 ? tail : 2 - tail;
};

const ACTIVATIONS = {
  "sigmoid": sigmoid,
  "tanh": Math.tanh,
  "relu": (z) => Math.max(z, 0),
  "leaky-relu": (z) => (z > 0 ? z : 0.01 * z),
  "identity": (z) => z,
  "elu": (z) => (z > 0 ? z : Math.expm1(Math.min(z, 0))),
  "selu": (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * Math.expm1(Math.min(z, 0))),
  "gelu": (z) => z * 0.5 * erfc(-z * Math.SQRT1_2),
  "mish": (z) => z * Math.tanh(Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))),
};

const softmax = (columns, n) => {
  for (let g = 0; g < n; g++) {
    let largest = -Infinity, sum = 0;
    for (const column of columns) largest = Math.max(largest, column[g]);
    for (const column of columns) sum += column[g] = Math.exp(column[g] - largest);
    for (const column of columns) column[g] /= sum;
  }
};

const countWeights = (layers) => layers.reduce((sum, l) => sum + weightsOfLayer(l), 0);
const weightsOfLayer = (l) => (l.kind === "scale" ? l.fan_in : (l.fan_in + 1) * l.fan_out);

// The logits of one layer for n points: a column of numbers for each input and each output.
const logitsInto = (layer, weights, start, inputs, outputs, n) => {
  const { fan_in: I, fan_out: O } = layer;
  for (let o = 0; o < O; o++) {
    const column = outputs[o];
    if (layer.kind === "scale") {
      for (let g = 0; g < n; g++) column[g] = inputs[o][g] * weights[start + o];
      continue;
    }
    column.fill(weights[start + I * O + o], 0, n);
    for (let i = 0; i < I; i++) {
      const w = weights[start + i * O + o], input = inputs[i];
      for (let g = 0; g < n; g++) column[g] += w * input[g];
    }
  }
};

const activateInto = (name, columns, n) => {
  if (name === "softmax") {
    softmax(columns, n);
  } else if (name !== "identity") {
    const apply = ACTIVATIONS[name];
    for (const column of columns) for (let g = 0; g < n; g++) column[g] = apply(column[g]);
  }
};

// A place to pass n points through a network: `run(weights, inputs)` gives the columns of every layer's outputs, which
// stay until the next run.
const makePass = (layers, n) => {
  const places = layers.map((layer) => Array.from({ length: layer.fan_out }, () => new Float64Array(n)));
  return (weights, inputs) => {
    let start = 0, columns = inputs;
    layers.forEach((layer, d) => {
      logitsInto(layer, weights, start, columns, places[d], n);
      activateInto(layer.activation, places[d], n);
      start += weightsOfLayer(layer);
      columns = places[d];
    });
    return places;
  };
};

// The class that outputs say point g is of, -1 where they are no numbers: the largest; of one output its side of 1/2.
const classAt = (columns, g) => {
  if (columns.length === 1) return Number.isNaN(columns[0][g]) ? -1 : columns[0][g] > 0.5 ? 1 : 0;
  let best = 0;
  for (let k = 0; k < columns.length; k++) {
    if (Number.isNaN(columns[k][g])) return -1;
    if (columns[k][g] > columns[best][g]) best = k;
  }
  return best;
};

// Whether point g is answered rightly: by sides, every output has to be on that of its label.
const rightAt = (columns, g, label, sides) => {
  if (!sides || columns.length === 1) return classAt(columns, g) === label;
  return columns.every((column, k) => (k === label ? column[g] > 0.5 : column[g] <= 0.5));
};
