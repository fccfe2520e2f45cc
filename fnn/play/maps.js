// Maps: a network's answers on a grid over the plane, drawn once for each frame and kept.

// Grids of many networks are coarser, so that all are drawn between two pictures of a film.
const total = S * settings.length;
const G = total > 2000 ? 10 : total > 700 ? 14 : total > 320 ? 18 : total > 60 ? 24 : 36;

const gridOf = (size) => {
  const [left, right, bottom, top] = given.data.square, n = size * size;
  const x = new Float64Array(n), y = new Float64Array(n);
  for (let g = 0; g < n; g++) {
    x[g] = left + (right - left) * ((g % size) + 0.5) / size;
    y[g] = top - (top - bottom) * (Math.floor(g / size) + 0.5) / size;
  }
  return [x, y];
};

const grid = gridOf(G), CELLS = G * G;
const passes = settings.map((setting) => makePass(setting.layers, CELLS));
// For each setting and frame the colours of all networks, and of which they are there.
const kept = settings.map(() => Array.from({ length: F }, () => null));

const framePixels = (a, f) => (kept[a][f] ??= { pixels: new Uint32Array(S * CELLS), there: new Uint8Array(S) });

// Where network k's colours begin in the frame's; computed if they are not there.
const drawMap = (a, k, f) => {
  const frame = framePixels(a, f);
  if (!frame.there[k]) {
    const outputs = passes[a](settings[a].weightsOf(k, f), grid).at(-1);
    answersInto(frame.pixels, k * CELLS, outputs, CELLS);
    frame.there[k] = 1;
  }
  return frame.pixels;
};
const isDrawn = (a, k, f) => kept[a][f] !== null && kept[a][f].there[k] === 1;
const forgetMaps = () => kept.forEach((frames) => frames.fill(null));

// In idle moments, frames to come are drawn ahead.
const ahead = { f: 0, a: 0, k: 0 };
const drawAhead = (deadline) => {
  while (ahead.f < F && deadline.timeRemaining() > 2) {
    drawMap(ahead.a, ahead.k, ahead.f);
    if (++ahead.k === S) [ahead.k, ahead.a] = [0, ahead.a + 1];
    if (ahead.a === settings.length) [ahead.a, ahead.f] = [0, ahead.f + 1];
  }
  if (ahead.f < F) whenIdle(drawAhead);
};
const whenIdle = window.requestIdleCallback?.bind(window) ?? ((run) => setTimeout(() => {
  const until = performance.now() + 8;
  run({ timeRemaining: () => until - performance.now() });
}, 16));
const startAhead = () => {
  const idle = ahead.f >= F;
  Object.assign(ahead, { f: 0, a: 0, k: 0 });
  if (idle) whenIdle(drawAhead);
};

// One colour between two, t of 256 on the way: the channels two by two.
const between = (a, b, t) => {
  const odd = (Math.imul(a & 0xff00ff, 256 - t) + Math.imul(b & 0xff00ff, t)) >>> 8;
  const even = (Math.imul((a >>> 8) & 0xff, 256 - t) + Math.imul((b >>> 8) & 0xff, t)) & 0xff00;
  return (0xff000000 | (odd & 0xff00ff) | even) >>> 0;
};
