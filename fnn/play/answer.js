// A network's answer over the plane, with the points on it.

const FINE = settings.some((setting) => setting.K > 600) ? 40 : 64, FINE_CELLS = FINE * FINE;
const fineGrid = gridOf(FINE);
const MOST_POINTS = 1000;

const paint = (canvas, fill) => {
  [canvas.width, canvas.height] = [FINE, FINE];
  const context = canvas.getContext("2d"), image = context.createImageData(FINE, FINE);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
};

const polygon = (c, x, y, r, sides, turn) => {
  for (let i = 0; i < sides; i++) {
    const angle = turn + 2 * Math.PI * i / sides;
    c.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  c.closePath();
};
// Of each class, so that colour is not all that tells them apart.
const SHAPES = [
  (c, x, y, r) => c.arc(x, y, r, 0, 7),
  (c, x, y, r) => c.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76),
  (c, x, y, r) => polygon(c, x, y, r * 1.2, 3, -Math.PI / 2),
  (c, x, y, r) => polygon(c, x, y, r * 1.2, 4, 0),
  (c, x, y, r) => polygon(c, x, y, r * 1.2, 3, Math.PI / 2),
  (c, x, y, r) => polygon(c, x, y, r * 1.15, 6, 0),
];

const ring = (c, x, y, r) => {
  for (const [color, width] of [["#fff", 4.5], ["#000", 2]]) {
    c.beginPath();
    c.arc(x, y, r, 0, 7);
    [c.strokeStyle, c.lineWidth] = [color, width];
    c.stroke();
  }
};

const drawPoints = (c, side, right) => {
  const [low, high, bottom, top] = given.data.square, every = Math.ceil(points.N / MOST_POINTS);
  const r = points.N > 300 ? 2.2 : points.N > 60 ? 3.2 : 4.6;
  for (let n = 0; n < points.N; n += every) {
    const x = (points.columns[0][n] - low) / (high - low) * side;
    const y = (top - points.columns[1][n]) / (top - bottom) * side;
    c.beginPath();
    SHAPES[points.labels[n]](c, x, y, r);
    c.fillStyle = css(CLASS_COLORS[points.labels[n]]);
    [c.strokeStyle, c.lineWidth] = ["#fff", 1.2];
    c.fill();
    c.stroke();
    if (!right[n]) ring(c, x, y, r * 1.75);
  }
};

const rangesInWords = () => {
  const [left, right, bottom, top] = given.data.square, [across, upward] = given.data.names;
  const range = (low, high, i) => `from ${shown(inData(low, i))} to ${shown(inData(high, i))}`;
  const some = points.N > MOST_POINTS ? ` Of ${whole(points.N)} points about ${whole(MOST_POINTS)} are drawn.` : "";
  const axes = `${across} ${range(left, right, 0)}, upward ${upward} ${range(bottom, top, 1)}`;
  return `${axes}. Ringed: answered wrongly.${some}`;
};

const makeAnswer = () => {
  const canvas = node("canvas", { role: "img" }), small = document.createElement("canvas");
  const update = (outputs, right) => {
    const ratio = Math.min(2, devicePixelRatio || 1), side = canvas.clientWidth || 200, c = canvas.getContext("2d");
    canvas.width = canvas.height = side * ratio;
    paint(small, (pixels) => answersInto(pixels, 0, outputs, FINE_CELLS));
    c.drawImage(small, 0, 0, canvas.width, canvas.height);
    c.scale(ratio, ratio);
    drawPoints(c, side, right);
    const wrong = right.reduce((sum, one) => sum + !one, 0);
    canvas.setAttribute("aria-label", `Its answer over the plane; ${wrong} of ${points.N} points are answered wrongly`);
  };
  const host = node("div", { class: "answer" }, canvas), caption = node("p", { class: "note" }, rangesInWords());
  return { host, caption, update };
};
