// The chosen seed's networks: what became of them, in pictures and in numbers.

const MOST_ROWS = 200;
const passOfPoints = settings.map((setting) => makePass(setting.layers, points.N));

// A table that is filled once it is opened, and while it is open.
const makeTable = (name, head, rowsOf) => {
  const body = node("tbody"), heads = head.map((word) => node("th", { scope: "col" }, word));
  const table = node("table", {}, node("thead", {}, node("tr", {}, ...heads)), body);
  const scroll = node("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, table);
  const details = node("details", {}, node("summary", {}, name), scroll);
  let about = null;
  const fill = () => {
    if (!details.open || about === null) return;
    const rows = rowsOf(...about).map((row) => node("tr", {}, ...row.map((cell) => node("td", {}, cell))));
    body.replaceChildren(...rows);
  };
  details.addEventListener("toggle", fill);
  const update = (...latest) => {
    about = latest;
    fill();
  };
  return { details, update };
};

const answerRows = (outputs) => {
  const rows = Array.from({ length: Math.min(points.N, MOST_ROWS) }, (_, n) => {
    const place = [0, 1].map((i) => shown(inData(points.columns[i][n], i)));
    return [...place, given.data.classes[points.labels[n]], ...outputs.map((column) => exact(column[n]))];
  });
  return points.N > MOST_ROWS ? [...rows, [`${whole(points.N - MOST_ROWS)} more`]] : rows;
};

const weightRows = ({ layers }, weights) => {
  const starts = startsOf(layers);
  const rows = layers.flatMap((layer, d) => Array.from({ length: weightsOfLayer(layer) }, (_, at) => {
    if (layer.kind === "conv") {
      const O = layer.window[7], k = Math.floor(at / O), from = k < numbersSeen(layer.window) ? `seen ${k + 1}` : "bias";
      return [from, `layer ${d + 1}, channel ${at % O + 1}`, exact(weights[starts[d] + at])];
    }
    const o = at % layer.fan_out, i = layer.kind === "scale" ? o : Math.floor(at / layer.fan_out);
    const from = i < layer.fan_in ? unitName(layers, d, i) : "bias";
    return [from, unitName(layers, d + 1, o), exact(weights[starts[d] + at])];
  }));
  const more = rows.length - 2 * MOST_ROWS;
  return more > 0 ? [...rows.slice(0, 2 * MOST_ROWS), [`${whole(more)} more`]] : rows;
};

const makeInside = (setting, a) => {
  const diagram = makeDiagram(setting), answer = makeAnswer(), own = makeChart({ ...setting, name: "" }, 120, true);
  const list = node("dl"), single = setting.layers.at(-1).fan_out === 1;
  const heads = single ? ["output"] : given.data.classes.map((name) => `output ${name}`);
  const answers = makeTable("Its answers", [...given.data.names, "true", ...heads], answerRows);
  const weights = makeTable("Its weights", ["from", "to", "weight"], weightRows);
  const host = node(
    "div", { class: "network", "data-setting": a }, setting.name ? node("h3", {}, setting.name) : null,
    node("div", { class: "beside" }, answer.host, node("div", {}, list, answer.caption)),
    diagram.host, own.host, answers.details, weights.details,
  );
  let charted = null;

  const update = (k, f) => {
    const outputs = passOfPoints[a](setting.weightsOf(k, f), points.columns).at(-1);
    const right = Array.from({ length: points.N }, (_, n) => rightAt(outputs, n, points.labels[n], setting.sides));
    answer.update(diagram.update(k, f), right);
    const facts = {
      outcome: outcomeOf({ ...setting, name: "" }, k),
      epoch: whole(setting.frames[f]),
      loss: shown(setting.lossAt(k, f)),
      right: `${whole(right.reduce((sum, one) => sum + one, 0))} of ${whole(points.N)} points`,
    };
    list.replaceChildren(...Object.entries(facts).flatMap(([term, value]) => [
      node("dt", {}, term), node("dd", { "data-of": term }, value),
    ]));
    answers.update(outputs);
    weights.update(setting, setting.weightsOf(k, f));
    if (charted !== k) {
      own.layOut();
      own.chosen(k);
      charted = k;
    }
    own.move(setting.frames[f], k, f);
  };
  const again = () => {
    charted = null;
    diagram.again();
  };
  return { host, update, again };
};
