// Inside one network: a map of each unit's output over the plane, and between them the weights as edges.

const FINE = 40, FINE_CELLS = FINE * FINE, MOST_UNITS = 8;
const fineGrid = gridOf(FINE);

// The units of each column that are shown: where there are too many, those whose outgoing weights are the largest.
const shownUnits = (layers, weights) => {
  let start = 0;
  const outgoing = layers.map((layer) => {
    const sums = new Float64Array(layer.fan_in), scale = layer.kind === "scale";
    for (let i = 0; i < layer.fan_in; i++) {
      for (let o = 0; o < layer.fan_out; o++) sums[i] += Math.abs(scale ? (i === o ? weights[start + o] : 0) : weights[start + i * layer.fan_out + o]);
    }
    start += weightsOfLayer(layer);
    return sums;
  });
  const columns = outgoing.map((sums) => [...sums.keys()].sort((a, b) => sums[b] - sums[a]).slice(0, MOST_UNITS).sort((a, b) => a - b));
  return [...columns, [...Array(layers.at(-1).fan_out).keys()]];
};

const paint = (canvas, size, fill) => {
  [canvas.width, canvas.height] = [size, size];
  const context = canvas.getContext("2d"), image = context.createImageData(size, size);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
};

const unitName = (layers, d, u) => {
  if (d === 0) return given.data.names[u];
  if (d === layers.length) return layers[d - 1].fan_out === 1 ? "output" : `class ${given.data.classes[u] ?? u}`;
  return layers[d - 1].kind === "scale" ? `${given.data.names[u]} scaled` : `layer ${d}, unit ${u + 1}`;
};

const makeDiagram = (setting) => {
  const { layers } = setting, pass = makePass(layers, FINE_CELLS);
  const edges = drawn("g"), svg = drawn("svg", { "aria-hidden": "true" }, edges), note = node("p", { class: "note" });
  const host = node("div", { class: "diagram", role: "img" }, svg), box = node("div", { class: "sideways" }, host);
  let columns = [], units = [], lines = [], scale = 1, width = 400, built = null;

  const build = (k) => {
    const weights = setting.weightsOf(k, F - 1);
    columns = shownUnits(layers, weights);
    scale = weights.reduce((sum, w) => sum + (Number.isFinite(w) ? Math.abs(w) : 0), 0) / weights.length || 1;
    const C = columns.length, tallest = Math.max(...columns.map((c) => c.length));
    width = Math.max(box.clientWidth, 54 * C);
    const side = Math.max(24, Math.min(50, Math.floor(width / (1.9 * C)))), step = side + 12, height = tallest * step + 24;
    const place = (d, i) => [
      side / 2 + 2 + (width - side - 4) * d / (C - 1), 20 + height / 2 - 12 + (i - (columns[d].length - 1) / 2) * step,
    ];
    [host.style.width, host.style.height] = [`${width}px`, `${height + 8}px`];
    svg.setAttribute("viewBox", `0 0 ${width} ${height + 8}`);
    lines = [];
    units = columns.map((column, d) => column.map((u, i) => {
      const canvas = node("canvas", { title: unitName(layers, d, u) }), [x, y] = place(d, i);
      Object.assign(canvas.style, { left: `${x - side / 2}px`, top: `${y - side / 2}px`, width: `${side}px`, height: `${side}px` });
      return canvas;
    }));
    let start = 0;
    layers.forEach((layer, d) => {
      columns[d].forEach((u, i) => columns[d + 1].forEach((v, j) => {
        if (layer.kind === "scale" && u !== v) return;
        const [x1, y1] = place(d, i), [x2, y2] = place(d + 1, j), bend = (x2 - x1) / 2;
        const path = drawn("path", { d: `M${x1 + side / 2} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - side / 2} ${y2}` }, drawn("title"));
        lines.push({ path, at: layer.kind === "scale" ? start + u : start + u * layer.fan_out + v, from: unitName(layers, d, u), to: unitName(layers, d + 1, v) });
      }));
      start += weightsOfLayer(layer);
    });
    const heads = columns.map((_, d) => drawn("text", { x: place(d, 0)[0], y: 11, "text-anchor": d === 0 ? "start" : d === C - 1 ? "end" : "middle", dx: d === 0 ? -side / 2 : d === C - 1 ? side / 2 : 0 }, headOf(d)));
    edges.replaceChildren(...lines.map((line) => line.path), ...heads);
    host.replaceChildren(svg, ...units.flat());
    const left = layers.filter((layer, d) => columns[d].length < layer.fan_in).map((layer) => layer.fan_in);
    note.textContent = left.length ? `Of layers of ${[...new Set(left)].join(" and ")} units, the ${MOST_UNITS} with the largest weights onward are shown.` : "";
  };
  const headOf = (d) => (d === 0 ? "inputs" : d === layers.length ? "output" : layers[d - 1].kind === "scale" ? "scaled" : layers[d - 1].activation);

  const update = (k, f) => {
    if (built !== k) [built] = [k, build(k)];
    const weights = setting.weightsOf(k, f), outputs = [fineGrid, ...pass(weights, fineGrid)];
    columns.forEach((column, d) => column.forEach((u, i) => paint(units[d][i], FINE, (pixels) => {
      if (d === layers.length && layers[d - 1].fan_out === 1) answersInto(pixels, 0, outputs[d], FINE_CELLS);
      else if (d === 0) inputInto(pixels, outputs[0][u]);
      else unitInto(pixels, outputs[d][u], layers[d - 1].activation, FINE_CELLS);
    })));
    for (const { path, at, from, to } of lines) {
      const w = weights[at], size = Math.abs(w);
      path.setAttribute("class", w < 0 ? "negative" : "positive");
      path.setAttribute("stroke-width", Number.isFinite(w) ? (0.3 + 6 * size / (size + 1.5 * scale)).toFixed(2) : 0.3);
      path.firstChild.textContent = `${from} to ${to}: ${shown(w)}`;
    }
    host.setAttribute("aria-label", `The network of seed ${seedOf(k)}: ${columns.map((c) => c.length).join(", ")} units in a row of columns; its weights are in the table below`);
    return outputs.at(-1);
  };
  const inputInto = (pixels, column) => {
    const low = column.reduce((a, b) => Math.min(a, b)), high = column.reduce((a, b) => Math.max(a, b));
    for (let g = 0; g < FINE_CELLS; g++) pixels[g] = signed(2 * (column[g] - low) / (high - low) - 1);
  };
  return { host: node("div", {}, box, note), update, again: () => (built = null) };
};

// ---- its answer, with the points ----

const SHAPES = [
  (c, x, y, r) => c.arc(x, y, r, 0, 7),
  (c, x, y, r) => c.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76),
  (c, x, y, r) => polygon(c, x, y, r * 1.2, 3, -Math.PI / 2),
  (c, x, y, r) => polygon(c, x, y, r * 1.2, 4, 0),
  (c, x, y, r) => polygon(c, x, y, r * 1.2, 3, Math.PI / 2),
  (c, x, y, r) => polygon(c, x, y, r * 1.15, 6, 0),
];
const polygon = (c, x, y, r, sides, turn) => {
  for (let i = 0; i < sides; i++) c.lineTo(x + r * Math.cos(turn + 2 * Math.PI * i / sides), y + r * Math.sin(turn + 2 * Math.PI * i / sides));
  c.closePath();
};

const makeAnswer = () => {
  const canvas = node("canvas", { role: "img" }), small = document.createElement("canvas");
  const [left, right, bottom, top] = given.data.square, every = Math.ceil(points.N / 1000);
  const corner = (value, i) => shown(inData(value, i));
  const host = node("div", { class: "answer" }, canvas);
  const caption = node("p", { class: "note" }, `${given.data.names[0]} from ${corner(left, 0)} to ${corner(right, 0)}, upward ${given.data.names[1]} from ${corner(bottom, 1)} to ${corner(top, 1)}. Ringed: answered wrongly.`);
  const update = (columns, right_) => {
    const ratio = Math.min(2, devicePixelRatio || 1), side = canvas.clientWidth || 200, c = canvas.getContext("2d");
    canvas.width = canvas.height = side * ratio;
    paint(small, FINE, (pixels) => answersInto(pixels, 0, columns, FINE_CELLS));
    c.imageSmoothingQuality = "high";
    c.drawImage(small, 0, 0, canvas.width, canvas.height);
    c.scale(ratio, ratio);
    const r = points.N > 300 ? 2.2 : points.N > 60 ? 3.2 : 4.6;
    for (let n = 0; n < points.N; n += every) {
      const x = (points.columns[0][n] - left) / (right - left) * side, y = (top - points.columns[1][n]) / (top - bottom) * side;
      c.beginPath();
      SHAPES[points.labels[n]](c, x, y, r);
      c.fillStyle = css(CLASS_COLORS[points.labels[n]]);
      c.strokeStyle = "#fff";
      c.lineWidth = 1.2;
      c.fill();
      c.stroke();
      if (!right_[n]) ring(c, x, y, r * 1.75);
    }
    const wrong = right_.reduce((sum, one) => sum + !one, 0);
    canvas.setAttribute("aria-label", `Its answer over the plane; ${wrong} of ${points.N} points are answered wrongly`);
  };
  const ring = (c, x, y, r) => {
    for (const [color, width] of [["#fff", 4.5], ["#000", 2]]) {
      c.beginPath();
      c.arc(x, y, r, 0, 7);
      [c.strokeStyle, c.lineWidth] = [color, width];
      c.stroke();
    }
  };
  return { host, caption, update };
};
