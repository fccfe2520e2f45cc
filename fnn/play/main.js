// What is looked at, and how it changes: by the clock, by hand, by key and by address.

const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SECONDS = 10;  // that the whole takes at speed 1
const PATIENCE = 9;  // milliseconds of a picture of the film that maps not drawn yet may take

const state = { place: 0, playing: false, seed: null, sort: "outcome", speed: "1" };
const charts = settings.map((setting) => makeChart(setting, settings.length > 1 ? 150 : 185));
const insides = settings.map(makeInside);
let drawnFrame = -1, waiting = false, before = 0;

const redraw = () => {
  if (!waiting) {
    waiting = true;
    requestAnimationFrame(tick);
  }
};

const tick = (now) => {
  waiting = false;
  // The time of a picture may lie before the key that began the film.
  if (state.playing) advance(Math.min(100, Math.max(0, now - before)) / 1000);
  before = now;
  const complete = drawWall(state.place, performance.now() + PATIENCE);
  const f = Math.floor(state.place), next = Math.min(F - 1, f + 1);
  const epoch = given.frames[f] + (given.frames[next] - given.frames[f]) * (state.place - f);
  charts.forEach((chart, a) => chart.move(Math.min(epoch, settings[a].epochs), state.seed, f));
  if (f !== drawnFrame) {
    drawnFrame = f;
    tell(f);
    if (state.seed !== null) insides.forEach((inside) => inside.update(state.seed, f));
    writeAddress();
  }
  if (state.playing || !complete) redraw();
};

const advance = (seconds) => {
  const step = (F - 1) / SECONDS * seconds * Number(state.speed), to = Math.min(F - 1, position + step);
  position = to;
  state.place = calm.matches ? Math.floor(to) : to;
  if (to >= F - 1) play(false);
};
let position = 0;

const tell = (f) => {
  const epoch = whole(given.frames[f]), slider = $("frame");
  slider.value = f;
  slider.setAttribute("aria-valuetext", `epoch ${epoch} of ${whole(given.epochs)}`);
  $("epoch").textContent = `${epoch} of ${whole(given.epochs)}`;
  const counts = settings.map((s) => all().filter((k) => s.solvedBy(k, f)).length);
  const names = settings.map((s, a) => `${whole(counts[a])}${s.name ? ` with ${s.name}` : ""}`);
  $("so-far").textContent = `${names.join(", ")} of ${whole(S)} solved`;
};

const goTo = (f) => {
  play(false);
  position = state.place = Math.min(F - 1, Math.max(0, f));
  redraw();
};

const play = (wanted) => {
  if (wanted && state.place >= F - 1) position = state.place = 0;
  state.playing = wanted && F > 1;
  $("play").textContent = state.playing ? "Pause" : "Play";
  $("play").classList.toggle("playing", state.playing);
  before = performance.now();
  writeAddress();
  redraw();
};

const choose = (k) => {
  if (state.seed !== null) optionOf.get(state.seed)?.setAttribute("aria-selected", "false");
  state.seed = k;
  $("chosen").hidden = k === null;
  wall.removeAttribute("aria-activedescendant");
  charts.forEach((chart) => chart.chosen(k));
  if (k !== null) {
    const option = optionOf.get(k);
    option.setAttribute("aria-selected", "true");
    wall.setAttribute("aria-activedescendant", option.id);
    $("chosen-head").textContent = `Seed ${seedOf(k)}`;
  }
  drawnFrame = -1;
  redraw();
};

const sortBy = (sort) => {
  state.sort = $("sort").value = sort;
  arrange(sort);
  choose(state.seed);
};

const keys = () => {
  $("legend").replaceChildren(...given.data.classes.map((name, c) => {
    const swatch = node("span", { class: "swatch" });
    swatch.style.background = css(CLASS_COLORS[c]);
    return node("span", { class: "key" }, swatch, `class ${name}`);
  }), ...[["solved", "solved by now"], ["failed", "never solved"]].map(([kind, text]) => (
    node("span", { class: "key" }, node("span", { class: `frame ${kind}` }), text)
  )));
};

// ---- by hand ----

// The networks as they lie, row by row.
const rowsOfWall = () => groups.flatMap((group) => {
  const rows = [];
  for (let i = 0; i < group.members.length; i += columns) rows.push(group.members.slice(i, i + columns));
  return rows;
});
const beside = (key) => {
  const rows = rowsOfWall(), every = rows.flat(), at = every.indexOf(state.seed);
  if (at < 0) return every[0];
  const row = rows.findIndex((each) => each.includes(state.seed)), column = rows[row].indexOf(state.seed);
  const inRow = (r) => rows[r][Math.min(column, rows[r].length - 1)];
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: every.length - 1 }[key];
  if (to !== undefined) return every[Math.min(every.length - 1, Math.max(0, to))];
  return inRow(Math.min(rows.length - 1, Math.max(0, row + (key === "ArrowDown" ? 1 : -1))));
};

wall.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
    choose(beside(event.key));
    optionOf.get(state.seed).scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && state.seed !== null) {
    $("chosen").focus();
    $("chosen").scrollIntoView({ block: "nearest" });
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
});
wall.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (!option) return;
  choose(Number(option.dataset.k));
  // Where all stands in one column, the network is far below its square.
  const below = $("chosen").getBoundingClientRect().top > innerHeight;
  if (below) $("chosen").scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const native = event.target.closest("select, summary, a, button"), slider = event.target === $("frame");
  if (event.key === " " && !native) play(!state.playing);
  else if (event.key === "ArrowRight" && !native && !slider) goTo(Math.floor(state.place) + 1);
  else if (event.key === "ArrowLeft" && !native && !slider) goTo(Math.ceil(state.place) - 1);
  else if (event.key === "Escape" && state.seed !== null) {
    choose(null);
    wall.focus({ preventScroll: true });
  } else return;
  event.preventDefault();
});

$("play").addEventListener("click", () => play(!state.playing));
$("frame").addEventListener("input", (event) => goTo(Number(event.target.value)));
$("sort").addEventListener("change", (event) => sortBy(event.target.value));
$("speed").addEventListener("change", (event) => {
  state.speed = event.target.value;
  writeAddress();
});

// ---- from without ----

const restore = (found) => {
  if (found.speed) state.speed = $("speed").value = found.speed;
  if (found.sort && found.sort !== state.sort) sortBy(found.sort);
  if (found.frame !== undefined) goTo(found.frame);
  if (found.seed !== undefined) choose(found.seed);
};
addEventListener("hashchange", () => {
  if (location.hash === "#outcomes") $("outcomes").open = true;
  const found = readAddress();
  restore(found);
  if (found.seed != null) optionOf.get(found.seed).scrollIntoView({ block: "nearest" });
});

const again = () => {
  layOut();
  charts.forEach((chart) => chart.layOut());
  insides.forEach((inside) => inside.again());
  choose(state.seed);
};
let widthBefore = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== widthBefore) [widthBefore] = [innerWidth, again()];
});
dark.addEventListener("change", () => {
  makeRamps();
  forgetMaps();
  startAhead();
  again();
});

$("frame").max = F - 1;
for (const id of ["epoch", "so-far"]) $(id).setAttribute("aria-live", "off");
$("chosen").tabIndex = -1;
$("losses").replaceChildren(...charts.map((chart) => chart.host));
$("inside").replaceChildren(...insides.map((inside) => inside.host));
document.querySelector(".losses").hidden = S === 1;
keys();
arrange(state.sort);
charts.forEach((chart) => chart.layOut());
choose(groups[0].members[0]);
const asked = readAddress();
if (asked.frame === undefined) goTo(calm.matches ? F - 1 : 0);
restore(asked);
if (asked.frame === undefined && !calm.matches) play(true);
whenIdle(drawAhead);
