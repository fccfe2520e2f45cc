// The wall: a square for each network, or a pair for each seed, in groups by what became of them.

const wall = document.getElementById("wall");
const GAP = 5;
let groups = [];
const optionOf = new Map();

const groupsBy = {
  seed: () => [{ title: "", members: Array.from({ length: S }, (_, k) => k) }],
  outcome: () => (settings.length > 1 ? groupsOfPairs() : groupsOfOne()),
};
const worstFirst = (members) => members.sort((a, b) => score(a) - score(b) || a - b);
const score = (k) => ranks.reduce((sum, rank) => sum + rank[k], 0);
const all = () => Array.from({ length: S }, (_, k) => k);

const groupsOfOne = () => {
  const [failed, solved] = [false, true].map((wanted) => all().filter((k) => solvedAtEnd(settings[0], k) === wanted));
  const more = solved.length > 1 ? ", the slowest first" : "";
  return [
    { title: `${whole(failed.length)} not solved`, members: worstFirst(failed) },
    { title: `${whole(solved.length)} solved${more}`, members: worstFirst(solved) },
  ];
};
const groupsOfPairs = () => {
  const [a, b] = settings;
  const kinds = [
    ["solved by neither", false, false], [`solved with ${a.name} alone`, true, false],
    [`solved with ${b.name} alone`, false, true], ["solved by both", true, true],
  ];
  return kinds.map(([title, byA, byB]) => {
    const members = all().filter((k) => solvedAtEnd(a, k) === byA && solvedAtEnd(b, k) === byB);
    return { title: `${whole(members.length)} ${title}`, members: worstFirst(members) };
  });
};

const outcomeOf = (setting, k) => {
  const name = setting.name ? `${setting.name}: ` : "";
  if (setting.diverged[k] >= 0) return `${name}diverged after ${whole(setting.diverged[k])} epochs`;
  return setting.solved[k] >= 0 ? `${name}solved after ${whole(setting.solved[k])} epochs` : `${name}not solved`;
};

const arrange = (sort) => {
  groups = groupsBy[sort]().filter((group) => group.members.length);
  optionOf.clear();
  wall.classList.toggle("pair", settings.length > 1);
  wall.replaceChildren(...groups.map((group, i) => {
    const head = node("h3", { id: `group-${i}` }, group.title);
    group.canvas = node("canvas", { "aria-hidden": "true" });
    const options = group.members.map((k) => {
      const text = `Seed ${seedOf(k)}, ${settings.map((s) => outcomeOf(s, k)).join("; ")}`;
      const words = { "aria-selected": "false", "aria-label": text, title: text };
      const option = node("div", { role: "option", id: `seed-${k}`, ...words });
      option.className = settings.map((s, a) => (solvedAtEnd(s, k) ? "" : `failed-${a}`)).join(" ");
      option.dataset.k = k;
      optionOf.set(k, option);
      return option;
    });
    group.options = node("div", { class: "tiles", role: "presentation" }, group.canvas, ...options);
    const naming = group.title ? { "aria-labelledby": `group-${i}` } : { "aria-label": "By seed" };
    return node("div", { role: "group", ...naming }, group.title ? head : null, group.options);
  }));
  lit = new Map();
  layOut();
};

let tile = 40, columns = 1;
const layOut = () => {
  const width = wall.clientWidth, pair = settings.length;
  const height = Math.max(380, innerHeight - 70 - (wall.getBoundingClientRect().top + scrollY));
  // As large as lets all of them be seen at once, where that is not too small to be hit with a finger.
  const heightOf = (t) => {
    const n = Math.max(1, Math.floor((width + GAP) / (t * pair + GAP)));
    return groups.reduce((sum, g) => sum + Math.ceil(g.members.length / n) * (t + GAP) + 30, 0);
  };
  const least = innerWidth < 700 ? 30 : pair > 1 ? 28 : 22;
  const most = Math.max(least, Math.min(S === 1 ? 320 : 150, Math.floor((width - 4) / pair)));
  tile = least;
  for (let t = most; t > least; t--) if (heightOf(t) <= height) { tile = t; break; }
  columns = Math.max(1, Math.floor((width + GAP) / (tile * pair + GAP)));
  wall.style.setProperty("--columns", columns);
  wall.style.setProperty("--tile", `${tile}px`);
  wall.style.setProperty("--wide", `${tile * pair}px`);
  wall.style.setProperty("--gap", `${GAP}px`);
  document.querySelector("main").classList.toggle("long", heightOf(tile) > innerHeight);
  const ratio = Math.min(2, devicePixelRatio || 1);
  for (const group of groups) {
    const n = Math.min(columns, group.members.length), rows = Math.ceil(group.members.length / columns);
    const [w, h] = [n * (tile * pair + GAP) - GAP, rows * (tile + GAP) - GAP];
    Object.assign(group, { n, rows, ratio });
    [group.canvas.width, group.canvas.height] = [Math.round(w * ratio), Math.round(h * ratio)];
    group.canvas.style.width = `${w}px`;
    group.canvas.style.height = `${h}px`;
    group.context = group.canvas.getContext("2d", { alpha: true });
    group.atlas = node("canvas");
    [group.atlas.width, group.atlas.height] = [G * pair * n, G * rows];
    group.atlasContext = group.atlas.getContext("2d", { willReadFrequently: true });
    group.image = group.atlasContext.createImageData(group.atlas.width, group.atlas.height);
    group.pixels = new Uint32Array(group.image.data.buffer);
  }
};

// Draw all maps at a place between frames; true if all are there. Within a film, what takes too long waits its turn.
const drawWall = (place, until) => {
  const f = Math.min(F - 1, Math.floor(place)), next = Math.min(F - 1, f + 1), t = Math.round((place - f) * 256);
  let complete = true;
  for (const group of groups) {
    group.members.forEach((k, i) => {
      for (let a = 0; a < settings.length; a++) {
        const there = isDrawn(a, k, f) && (t === 0 || isDrawn(a, k, next));
        if (!there && performance.now() > until) {
          complete = false;
          continue;
        }
        copyTile(group, i, a, drawMap(a, k, f), t ? drawMap(a, k, next) : null, k * CELLS, t);
      }
    });
    show(group);
  }
  light(f);
  return complete;
};

const copyTile = (group, i, a, from, to, at, t) => {
  const stride = group.atlas.width, column = (i % group.n) * settings.length + a;
  let place = Math.floor(i / group.n) * G * stride + column * G;
  for (let row = 0; row < G; row++, place += stride, at += G) {
    if (to === null) {
      group.pixels.set(from.subarray(at, at + G), place);
    } else {
      for (let c = 0; c < G; c++) group.pixels[place + c] = between(from[at + c], to[at + c], t);
    }
  }
};

const show = (group) => {
  const { context, atlas, ratio, n } = group, pair = settings.length;
  group.atlasContext.putImageData(group.image, 0, 0);
  context.clearRect(0, 0, group.canvas.width, group.canvas.height);  // edges are half clear, and would add up
  for (let i = 0; i < group.members.length * pair; i++) {
    const item = Math.floor(i / pair), a = i % pair, column = item % n, row = Math.floor(item / n);
    const x = Math.round((column * (tile * pair + GAP) + a * tile) * ratio), y = Math.round(row * (tile + GAP) * ratio);
    const side = Math.round(tile * ratio), hair = a * Math.round(ratio);  // between the two of a pair
    context.drawImage(atlas, (column * pair + a) * G, row * G, G, G, x + hair, y, side - hair, side);
  }
};

// Light the networks that are solved by now.
let lit = new Map();
const light = (f) => {
  for (const [k, option] of optionOf) {
    settings.forEach((s, a) => {
      const now = s.solvedBy(k, f), key = k * settings.length + a;
      if (lit.get(key) !== now) {
        option.classList.toggle(`solved-${a}`, now);
        lit.set(key, now);
      }
    });
  }
};
