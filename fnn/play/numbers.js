// The chosen seed's networks: what became of them, in pictures and in numbers.

const MOST_ROWS = 200;
const passOfPoints = settings.map((setting) => makePass(setting.layers, points.N));

const makeTable = (name, head, rowsOf) => {
  const body = node("tbody"), details = node("details", {}, node("summary", {}, name), node("div", { class: "scroll", tabindex: "0", "aria-label": name },
    node("table", {}, node("thead", {}, node("tr", {}, ...head.map((word) => node("th", { scope: "col" }, word)))), body)));
  let late = () => {};
  const fill = () => details.open && late();
  details.addEventListener("toggle", fill);
  const update = (...about) => {
    late = () => body.replaceChildren(...rowsOf(...about).map((row) => node("tr", {}, ...row.map((cell) => node("td", {}, cell)))));
    fill();
  };
  return { details, update };
};

const makeInside = (setting, a) => {
  const diagram = makeDiagram(setting), answer = makeAnswer(), own = makeChart(setting, 120, true);
  const list = node("dl"), outputs = setting.layers.at(-1).fan_out;
  const heads = outputs === 1 ? ["output"] : given.data.classes.map((name) => `output ${name}`);
  const answers = makeTable("Its answers", [...given.data.names, "true", ...heads], (columns) => {
    const rows = [];
    for (let n = 0; n < Math.min(points.N, MOST_ROWS); n++) {
      const place = [0, 1].map((i) => shown(inData(points.columns[i][n], i)));
      rows.push([...place, given.data.classes[points.labels[n]], ...columns.map((column) => exact(column[n]))]);
    }
    return points.N > MOST_ROWS ? [...rows, [`${whole(points.N - MOST_ROWS)} more`]] : rows;
  });
  const weights = makeTable("Its weights", ["from", "to", "weight"], (k, f) => weightRows(setting, k, f));
  const name = setting.name ? node("h3", {}, setting.name) : null;
  const host = node("div", { class: "network", "data-setting": a }, name, node("div", { class: "beside" }, answer.host, node("div", {}, list, answer.caption)),
    diagram.host, own.host, answers.details, weights.details);
  own.host.querySelector("h3")?.remove();
  let charted = null;

  const update = (k, f) => {
    answer.update(diagram.update(k, f), rightOnes(k, f));
    const columns = passOfPoints[a](setting.weightsOf(k, f), points.columns).at(-1);
    const right = rightOnes(k, f).reduce((sum, one) => sum + one, 0);
    const rows = [
      ["outcome", outcomeOf({ ...setting, name: "" }, k)], ["epoch", whole(setting.frames[f])],
      ["loss", shown(setting.lossAt(k, f))], ["right", `${whole(right)} of ${whole(points.N)} points`],
    ];
    list.replaceChildren(...rows.flatMap(([term, value]) => [node("dt", {}, term), node("dd", { "data-of": term }, value)]));
    answers.update(columns.map((column) => column.slice()));
    weights.update(k, f);
    if (charted !== k) {
      own.layOut();
      own.chosen(k);
      charted = k;
    }
    own.move(setting.frames[f], k, f);
  };
  const rightOnes = (k, f) => {
    const columns = passOfPoints[a](setting.weightsOf(k, f), points.columns).at(-1);
    return Array.from({ length: points.N }, (_, n) => rightAt(columns, n, points.labels[n], setting.sides));
  };
  const again = () => {
    charted = null;
    diagram.again();
  };
  return { host, update, again };
};

const weightRows = (setting, k, f) => {
  const weights = setting.weightsOf(k, f), rows = [];
  let start = 0;
  setting.layers.forEach((layer, d) => {
    for (let i = 0; i < (layer.kind === "scale" ? 1 : layer.fan_in + 1); i++) {
      for (let o = 0; o < layer.fan_out; o++) {
        const from = layer.kind === "scale" ? unitName(setting.layers, d, o) : i < layer.fan_in ? unitName(setting.layers, d, i) : "bias";
        rows.push([from, unitName(setting.layers, d + 1, o), exact(weights[start + i * layer.fan_out + o])]);
      }
    }
    start += weightsOfLayer(layer);
  });
  const more = rows.length - 2 * MOST_ROWS;
  return more > 0 ? [...rows.slice(0, 2 * MOST_ROWS), [`${whole(more)} more`]] : rows;
};
