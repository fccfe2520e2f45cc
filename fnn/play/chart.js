// The losses of all networks of a setting while they train: a thin line each, the middle half as a band, the median.

const MARGINS = { left: 46, right: 10, top: 8, bottom: 34 };
const lossRange = (() => {
  let low = Infinity, high = -Infinity;
  for (const s of settings) {
    for (let k = 0; k < S; k++) {
      for (const value of s.curveOf(k)) {
        if (value > 0 && Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
      }
    }
  }
  if (low > high) [low, high] = [1e-3, 1];
  // One network that diverges is not to flatten all others.
  const [a, b] = [Math.log10(Math.max(low, 1e-16)), Math.log10(Math.min(high, 1e4))];
  return b - a < 0.3 ? [a - 0.2, b + 0.2] : [a - 0.03 * (b - a), b + 0.03 * (b - a)];
})();

const quantileAt = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
const bandsOf = (s) => s.curveEpochs.map((_, p) => {
  const values = Float64Array.from({ length: S }, (_, k) => {
    const value = s.curveOf(k)[p];
    return Number.isFinite(value) ? value : Infinity;
  }).sort();
  return [0.25, 0.5, 0.75].map((q) => quantileAt(values, q));
});

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const makeChart = (setting, height, only = null) => {
  const canvas = node("canvas", { "aria-hidden": "true" });
  const over = drawn("svg", { "aria-hidden": "true" });
  const title = setting.name ? node("h3", {}, setting.name) : null;
  const plot = node("div", { class: "plot", role: "img" }, canvas, over);
  const host = node("figure", { class: "chart" }, title, plot);
  const bands = only === null ? bandsOf(setting) : null, total = Math.max(...settings.map((s) => s.epochs), 1);
  let width = 300, cursor = null, mark = null;

  const x = (epoch) => MARGINS.left + (width - MARGINS.left - MARGINS.right) * epoch / total;
  const y = (loss) => {
    const level = Number.isFinite(loss) ? Math.log10(Math.max(loss, 1e-300)) : lossRange[1];
    const share = Math.min(1, Math.max(0, (level - lossRange[0]) / (lossRange[1] - lossRange[0])));
    return height - MARGINS.bottom - (height - MARGINS.top - MARGINS.bottom) * share;
  };
  // A line ends where its network did: at a stroke where it was stopped, at a cross where it diverged.
  const endOf = (k) => {
    if (setting.diverged[k] >= 0) return "m-4-4l8 8m0-8l-8 8";
    return setting.stopped[k] < setting.epochs ? "m0-5v10" : "";
  };
  const pathOf = (k) => {
    const curve = setting.curveOf(k), ends = setting.diverged[k] >= 0 ? setting.diverged[k] : setting.stopped[k];
    let path = "";
    setting.curveEpochs.forEach((epoch, p) => {
      if (epoch > ends || !Number.isFinite(curve[p])) return;
      path += `${path ? "L" : "M"}${x(epoch).toFixed(1)} ${y(curve[p]).toFixed(1)}`;
    });
    return path;
  };

  const lines = () => {
    const ratio = Math.min(2, devicePixelRatio || 1), context = canvas.getContext("2d");
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    context.scale(ratio, ratio);
    if (bands === null) return;
    context.fillStyle = token("--band");
    context.beginPath();
    bands.forEach(([low], p) => context.lineTo(x(setting.curveEpochs[p]), y(low)));
    for (let p = bands.length - 1; p >= 0; p--) context.lineTo(x(setting.curveEpochs[p]), y(bands[p][2]));
    context.fill();
    for (const solved of [true, false]) {
      context.strokeStyle = token(solved ? "--solved" : "--failed");
      const count = all().filter((k) => solvedAtEnd(setting, k) === solved).length;
      context.globalAlpha = Math.min(0.9, Math.max(0.08, 12 / (count || 1)));
      context.lineWidth = count > 300 ? 0.6 : 0.9;
      for (let k = 0; k < S; k++) if (solvedAtEnd(setting, k) === solved) context.stroke(new Path2D(pathOf(k)));
    }
    if (S < 3) return;
    context.globalAlpha = 1;
    context.strokeStyle = token("--ink");
    context.lineWidth = 1.8;
    context.beginPath();
    bands.forEach(([, middle], p) => {
      if (Number.isFinite(middle)) context.lineTo(x(setting.curveEpochs[p]), y(middle));
    });
    context.stroke();
  };

  const axes = () => {
    const parts = [], base = height - MARGINS.bottom, right = width - MARGINS.right;
    const decades = Math.max(1, Math.ceil((lossRange[1] - lossRange[0]) / ((height - 40) / 26)));
    for (let d = Math.ceil(lossRange[0]); d <= lossRange[1]; d++) {
      if (d % decades !== 0) continue;
      const at = y(10 ** d), word = shown(10 ** d);
      parts.push(drawn("line", { class: "rule", x1: MARGINS.left, x2: right, y1: at, y2: at }));
      parts.push(drawn("text", { x: MARGINS.left - 6, y: at + 4, "text-anchor": "end" }, word));
    }
    for (const epoch of epochTicks(total, width)) {
      const anchor = epoch === total ? "end" : "middle";
      parts.push(drawn("text", { x: x(epoch), y: base + 15, "text-anchor": anchor }, whole(epoch)));
    }
    const scales = "epochs; loss on a logarithmic scale";
    parts.push(drawn("text", { x: right, y: height - 4, "text-anchor": "end" }, scales));
    cursor = drawn("line", { class: "cursor", y1: MARGINS.top, y2: base });
    mark = drawn("path", { class: "own" });
    const bead = drawn("circle", { class: "bead", r: 4 });
    over.replaceChildren(...parts, mark, cursor, bead);
    over.setAttribute("viewBox", `0 0 ${width} ${height}`);
  };

  const layOut = () => {
    width = Math.max(220, plot.clientWidth);
    plot.style.height = canvas.style.height = `${height}px`;
    lines();
    axes();
  };
  const seek = (event) => {
    const left = plot.getBoundingClientRect().left + MARGINS.left, share = (event.clientX - left) / (x(total) - x(0));
    goTo(frameBefore(total * Math.min(1, Math.max(0, share))));
  };
  plot.addEventListener("pointerdown", (event) => {
    seek(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && seek(event));

  const chosen = (k) => mark.setAttribute("d", k === null ? "" : pathOf(k) && pathOf(k) + endOf(k));
  const move = (epoch, k, f) => {
    cursor.setAttribute("x1", x(epoch));
    cursor.setAttribute("x2", x(epoch));
    const bead = over.querySelector(".bead"), loss = k === null ? NaN : setting.lossAt(k, f);
    bead.style.display = Number.isFinite(loss) ? "" : "none";
    if (Number.isFinite(loss)) [bead.cx.baseVal.value, bead.cy.baseVal.value] = [x(setting.frames[f]), y(loss)];
    plot.setAttribute("aria-label", spoken(k, f));
  };
  const spoken = (k, f) => {
    if (only !== null) return `Loss of this network at epoch ${setting.frames[f]}: ${shown(setting.lossAt(k, f))}`;
    const values = Float64Array.from({ length: S }, (_, j) => setting.lossAt(j, f)).sort();
    return `Losses at epoch ${setting.frames[f]}: median ${shown(quantileAt(values, 0.5))}, ` +
      `from ${shown(values[0])} to ${shown(values[S - 1])}`;
  };
  return { host, layOut, chosen, move };
};

const epochTicks = (total, width) => {
  const rough = total / Math.max(2, Math.floor(width / 90)), size = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((m) => m * size).find((s) => s >= rough));
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, i) => i * step);
};
