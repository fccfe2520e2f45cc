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
const weightsOfLayer = ({ kind, fan_in, fan_out, window }) => {
  if (kind === "conv") return (numbersSeen(window) + 1) * window[7];
  return window ? 0 : kind === "scale" ? fan_in : (fan_in + 1) * fan_out;
};

// A window is height, width, channels, rows, columns, stride, padding, channels of the outputs.
const numbersSeen = ([, , channels, rows, columns]) => rows * columns * channels;

// Which input is number k of those seen from place p; −1 where there are zeros around the image.
const seenFrom = ([height, width, channels, , columns, stride, [down, right]], p, k) => {
  const across = Math.floor((width + 2 * right - columns) / stride) + 1, pixel = Math.floor(k / channels);
  const y = Math.floor(p / across) * stride + Math.floor(pixel / columns) - down;
  const x = (p % across) * stride + pixel % columns - right;
  return y < 0 || y >= height || x < 0 || x >= width ? -1 : (y * width + x) * channels + k % channels;
};

const convolvedInto = ({ window, fan_out }, weights, start, inputs, outputs, n) => {
  const O = window[7], K = numbersSeen(window);
  for (let u = 0; u < fan_out; u++) {
    const p = Math.floor(u / O), o = u % O;
    outputs[u].fill(weights[start + K * O + o], 0, n);
    for (let k = 0; k < K; k++) {
      const input = inputs[seenFrom(window, p, k)], w = weights[start + k * O + o];
      for (let g = 0; input && g < n; g++) outputs[u][g] += w * input[g];
    }
  }
};

const pooledInto = ({ kind, window, fan_out }, inputs, outputs, n) => {
  const C = window[2], K = numbersSeen(window), mean = kind === "mean-pool";
  for (let u = 0; u < fan_out; u++) {
    const seen = Array.from({ length: K / C }, (_, m) => inputs[seenFrom(window, Math.floor(u / C), m * C + u % C)]);
    for (let g = 0; g < n; g++) {
      outputs[u][g] = seen.reduce((so, c) => (mean ? so + c[g] * C / K : Math.max(so, c[g])), mean ? 0 : -Infinity);
    }
  }
};

// The logits of one layer for n points: a column of numbers for each input and each output.
const logitsInto = (layer, weights, start, inputs, outputs, n) => {
  const { fan_in: I, fan_out: O } = layer;
  if (layer.kind === "conv") return convolvedInto(layer, weights, start, inputs, outputs, n);
  if (layer.window) return pooledInto(layer, inputs, outputs, n);
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
