// The address: what is looked at stands behind its #, so that a link shows it again.

const readAddress = () => {
  const words = new URLSearchParams(location.hash.slice(1)), found = {};
  if (words.has("seed")) {
    const seed = words.get("seed"), k = /^\d+$/.test(seed) ? BigInt(seed) - first : -1n;
    found.seed = k >= 0n && k < BigInt(S) ? Number(k) : null;
  }
  const epoch = Number(words.get("epoch"));
  if (words.has("epoch") && Number.isFinite(epoch)) found.frame = frameBefore(epoch);
  if (Object.hasOwn(groupsBy, words.get("order") ?? "")) found.sort = words.get("order");
  const speeds = [...document.getElementById("speed").options].map((option) => option.value);
  if (speeds.includes(words.get("speed"))) found.speed = words.get("speed");
  return found;
};

// The last frame that is not after an epoch.
const frameBefore = (epoch) => {
  let f = 0;
  while (f + 1 < F && given.frames[f + 1] <= epoch) f++;
  return f;
};

let written = 0;
const writeAddress = () => {
  if (written) return;
  // Browsers refuse more than a few changes a second.
  written = setTimeout(() => {
    written = 0;
    const words = new URLSearchParams();
    words.set("seed", state.seed === null ? "none" : seedOf(state.seed));
    words.set("epoch", given.frames[Math.floor(state.place)]);
    if (state.sort !== "outcome") words.set("order", state.sort);
    if (state.speed !== "1") words.set("speed", state.speed);
    history.replaceState(null, "", `#${words}`);
  }, 200);
};
