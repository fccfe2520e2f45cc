// Inside one network: a map of each unit's output over the plane, and between them the weights as edges.

const MOST_UNITS = 8;

// Where the weight of a layer from unit i to unit o is; −1 where there is none.
const placeOfWeight = (layer, start, i, o) => {
  if (layer.kind === "scale") return i === o ? start + o : -1;
  if (layer.kind === "conv") {
    const O = layer.window[7], seen = [...Array(numbersSeen(layer.window)).keys()];
    const k = seen.findIndex((at) => seenFrom(layer.window, Math.floor(o / O), at) === i);
    return k < 0 ? -1 : start + k * O + o % O;
  }
  if (layer.window) return -1;
  return start + i * layer.fan_out + o;
};
const startsOf = (layers) => {
  let start = 0;
  return layers.map((layer) => (start += weightsOfLayer(layer)) - weightsOfLayer(layer));
};

// The units of each column that are shown: where there are too many, those whose outgoing weights are the largest.
const shownUnits = (layers, weights) => {
  const starts = startsOf(layers);
  const columns = layers.map((layer, d) => {
    const sums = Array.from({ length: layer.fan_in }, (_, i) => {
      const places = Array.from({ length: layer.fan_out }, (_, o) => placeOfWeight(layer, starts[d], i, o));
      return places.reduce((sum, at) => sum + (at < 0 ? 0 : Math.abs(weights[at])), 0);
    });
    const largest = [...sums.keys()].sort((a, b) => sums[b] - sums[a]).slice(0, MOST_UNITS);
    return largest.sort((a, b) => a - b);
  });
  return [...columns, [...Array(layers.at(-1).fan_out).keys()]];
};

const unitName = (layers, d, u) => {
  if (d === 0) return given.data.names[u];
  if (d === layers.length) return layers[d - 1].fan_out === 1 ? "output" : `class ${given.data.classes[u] ?? u}`;
  return layers[d - 1].kind === "scale" ? `${given.data.names[u]} scaled` : `layer ${d}, unit ${u + 1}`;
};
const columnName = (layers, d) => {
  if (d === 0) return "inputs";
  if (d === layers.length) return "output";
  const { kind, activation } = layers[d - 1];
  return { scale: "scaled", "max-pool": "largest", "mean-pool": "mean" }[kind] ?? activation;
};

// Where the columns' units lie in a box of a width: the side of a map, the height, and the middle of each.
const arrangementOf = (columns, room) => {
  const C = columns.length, tallest = Math.max(...columns.map((column) => column.length));
  const width = Math.max(room, 54 * C), most = Math.min(50, 400 / tallest - 12);
  const side = Math.max(24, Math.floor(Math.min(most, width / (1.9 * C))));
  const step = side + 12, height = tallest * step + 20;
  const middle = (d, i) => [
    side / 2 + 2 + (width - side - 4) * d / (C - 1), 20 + tallest * step / 2 + (i - (columns[d].length - 1) / 2) * step,
  ];
  return { width, side, height, middle };
};

const makeDiagram = (setting) => {
  const { layers } = setting, starts = startsOf(layers), pass = makePass(layers, FINE_CELLS);
  const edges = drawn("g"), svg = drawn("svg", { "aria-hidden": "true" }, edges), note = node("p", { class: "note" });
  const host = node("div", { class: "diagram", role: "img" }, svg), box = node("div", { class: "sideways" }, host);
  let columns = [], maps = [], lines = [], scale = 1, built = null;

  const build = (k) => {
    const weights = setting.weightsOf(k, F - 1);
    columns = shownUnits(layers, weights);
    scale = weights.reduce((sum, w) => sum + (Number.isFinite(w) ? Math.abs(w) : 0), 0) / weights.length || 1;
    const at = arrangementOf(columns, box.clientWidth);
    [host.style.width, host.style.height] = [`${at.width}px`, `${at.height}px`];
    svg.setAttribute("viewBox", `0 0 ${at.width} ${at.height}`);
    maps = columns.map((column, d) => column.map((u, i) => mapAt(at, d, i, unitName(layers, d, u))));
    lines = layers.flatMap((layer, d) => linesOf(layer, d, at));
    edges.replaceChildren(...lines.map((line) => line.path), ...columns.map((_, d) => headAt(at, d)));
    host.replaceChildren(svg, ...maps.flat());
    const wide = layers.filter((layer, d) => columns[d].length < layer.fan_in).map((layer) => layer.fan_in);
    const cut = [...new Set(wide)];
    note.textContent = cut.length
      ? `Of layers of ${cut.join(" and ")} units, the ${MOST_UNITS} with the largest weights onward are shown.` : "";
    built = k;
  };
  const mapAt = ({ side, middle }, d, i, title) => {
    const canvas = node("canvas", { title }), [x, y] = middle(d, i);
    const place = { left: x - side / 2, top: y - side / 2, width: side, height: side };
    for (const [name, value] of Object.entries(place)) canvas.style[name] = `${value}px`;
    return canvas;
  };
  const headAt = ({ side, middle }, d) => {
    const end = d === 0 ? -1 : d === layers.length ? 1 : 0, anchor = ["start", "middle", "end"][end + 1];
    return drawn("text", { x: middle(d, 0)[0] + end * side / 2, y: 11, "text-anchor": anchor }, columnName(layers, d));
  };
  const linesOf = (layer, d, { side, middle }) => columns[d].flatMap((u, i) => columns[d + 1].flatMap((v, j) => {
    const at = placeOfWeight(layer, starts[d], u, v);
    if (at < 0) return [];
    const [x1, y1] = middle(d, i), [x2, y2] = middle(d + 1, j), bend = (x1 + x2) / 2;
    const curve = `M${x1 + side / 2} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2 - side / 2} ${y2}`;
    const path = drawn("path", { d: curve }, drawn("title"));
    return [{ path, at, name: `${unitName(layers, d, u)} to ${unitName(layers, d + 1, v)}` }];
  }));

  const paintUnit = (pixels, d, column) => {
    if (d === 0) inputInto(pixels, column);
    else if (d === layers.length && layers[d - 1].fan_out === 1) answersInto(pixels, 0, [column], FINE_CELLS);
    else unitInto(pixels, column, layers[d - 1].activation, FINE_CELLS);
  };
  const inputInto = (pixels, column) => {
    const low = Math.min(...column), high = Math.max(...column);
    for (let g = 0; g < FINE_CELLS; g++) pixels[g] = signed(2 * (column[g] - low) / (high - low) - 1);
  };
  // Draw network k in frame f; return its outputs over the plane.
  const update = (k, f) => {
    if (built !== k) build(k);
    const weights = setting.weightsOf(k, f), outputs = [fineGrid, ...pass(weights, fineGrid)];
    columns.forEach((column, d) => column.forEach((u, i) => {
      paint(maps[d][i], (pixels) => paintUnit(pixels, d, outputs[d][u]));
    }));
    for (const { path, at, name } of lines) {
      const w = weights[at], size = Number.isFinite(w) ? Math.abs(w) : 0;
      path.setAttribute("class", w < 0 ? "negative" : "positive");
      path.setAttribute("stroke-width", (0.3 + 6 * size / (size + 1.5 * scale)).toFixed(2));
      path.firstChild.textContent = `${name}: ${shown(w)}`;
    }
    const units = columns.map((column, d) => `${columnName(layers, d)} ${column.length}`).join(", ");
    const words = `The network of seed ${seedOf(k)}, units shown: ${units}; its weights are in a table below`;
    host.setAttribute("aria-label", words);
    return outputs.at(-1);
  };
  return { host: node("div", {}, box, note), update, again: () => (built = null) };
};
