"""The page of `fnn play` in a real browser: it moves, shows what was trained, and a link shows it again."""

import os
import re
from importlib.resources import files

import numpy as np
import pytest
from test_page_browser import CONTRASTS, browser  # noqa: F401

import fnn
from fnn.network import functions
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.layers import LAYER_KINDS, Layer
from fnn.network.scores import SCORES
from fnn.network.windows import Window
from fnn.play.page import page
from fnn.play.points import named_points, table_points
from fnn.play.recording import record

SEEDS = range(312551116, 312551316)


def three_classes(folder):
    """Return a table of three classes in rings, with a wide column and a narrow one."""
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 3, 120)
    angle, radius = rng.uniform(0, 6.3, 120), kinds + 1 + rng.normal(0, 0.2, 120)
    columns = 500 + 90 * radius * np.cos(angle), radius * np.sin(angle), kinds
    rows = [f"{wide},{narrow},{'abc'[kind]}" for wide, narrow, kind in zip(*columns, strict=True)]
    (folder / "rings.csv").write_text("\n".join(["wide,narrow,kind", *rows]) + "\n", encoding="utf-8")
    return table_points(str(folder / "rings.csv"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Write the pages; give their folder and what was recorded for each."""
    folder, recorded = tmp_path_factory.mktemp("play"), {}
    xor = named_points("xor", None, 0.0, 1)
    classes = {"output": "softmax", "loss": "cross-entropy", "epochs": 120}
    works = {
        "xor": ([("", fnn.Config())], xor, SEEDS),
        "pairs": ([("lr 0.1", fnn.Config(epochs=200)), ("lr 1", fnn.Config(epochs=200, lr=1))], xor, SEEDS[:40]),
        "rings": ([("", fnn.Config(hidden="12x3", activation="mish", **classes))], three_classes(folder), SEEDS[:12]),
        "alone": ([("", fnn.Config(epochs=90, input_scale="learned"))], xor, SEEDS[:1]),
        "lost": ([("", fnn.Config(lr=1e30, optimizer="sgd", output="identity", epochs=30))], xor, SEEDS[:9]),
        "many": ([("", fnn.Config(epochs=120, dtype="float32"))], xor, range(1000)),
    }
    for name, (arms, points, seeds) in works.items():
        recordings, fidelity = record(arms, points, seeds)
        (folder / f"{name}.html").write_text(page(points, recordings, fidelity), encoding="utf-8")
        recorded[name] = recordings, points
    return folder, recorded


@pytest.fixture
def shown(browser, pages):  # noqa: F811
    """Open a page, offline, and hear what it complains of and asks for."""
    contexts, heard = [], []

    def show(name, link="#epoch=999999", width=1280, scheme="light", motion="no-preference"):
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion=motion, offline=True)
        contexts.append(context)
        opened = context.new_page()
        opened.on("console", lambda message: heard.append(message.text))
        opened.on("pageerror", lambda error: heard.append(str(error)))
        requests = []
        opened.on("request", lambda request: requests.append(request.url))
        url = (pages[0] / f"{name}.html").as_uri()
        opened.goto(url + link)
        assert [r for r in requests if not r.startswith("data:")] == [url]
        drawn(opened)
        return opened

    yield show
    for context in contexts:
        context.close()
    assert heard == []


def drawn(opened):
    """Wait until all that is to be drawn is drawn, and the address written."""
    opened.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => done()), 400))")


def number_of(text):
    return float(text.replace("−", "-").replace(",", ""))


def facts(opened, setting=0):
    """Return what is said of the chosen network."""
    terms = opened.locator(f"[data-setting='{setting}'] dd")
    return {dd.get_attribute("data-of"): dd.inner_text() for dd in terms.all()}


def rows(opened, name, setting=0):
    """Return the cells of one of the tables of the chosen network."""
    details = opened.locator(f"[data-setting='{setting}'] details", has=opened.locator("summary", has_text=name))
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator("tbody td").first.wait_for()
    return [row.split("\t") for row in details.locator("tbody").inner_text().split("\n")]


def frame_of(recording, epoch):
    return int(np.searchsorted(recording.epochs, epoch, side="right")) - 1


def pixels(opened):
    """Return the colours of the wall's canvases, as text."""
    return opened.evaluate("[...document.querySelectorAll('#wall canvas')].map((c) => c.toDataURL()).join()")


# ---- the script's arithmetic is the library's ----


def run_script(browser, body, argument):  # noqa: F811
    """Return what a function of the script's network gives."""
    script = files("fnn.play").joinpath("network.js").read_text(encoding="utf-8")
    opened = browser.new_page()
    try:
        return opened.evaluate(f"(given) => {{ {script}; {body} }}", argument)
    finally:
        opened.close()


@pytest.mark.parametrize("name", sorted({*ACTIVATIONS, *OUTPUT_ACTIVATIONS} - {"softmax"}))
def test_every_activation_is_that_of_the_registry(browser, name):  # noqa: F811
    z = np.concatenate((np.linspace(-40, 40, 801), [1e-8, -1e-8, 700, -700]))
    ours = run_script(browser, "return given[1].map(ACTIVATIONS[given[0]]);", [name, z.tolist()])
    expected = (ACTIVATIONS | OUTPUT_ACTIVATIONS)[name].apply(z)
    assert np.array(ours) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("output", OUTPUT_ACTIVATIONS)
def test_every_layer_kind_and_output_is_that_of_the_library(browser, output):  # noqa: F811
    rng = np.random.default_rng(5)
    layers = (
        Layer("scale", 2, 2, "identity"), Layer("dense", 2, 24, "tanh"), Layer("scale", 24, 24, "mish"),
        Layer("conv", 24, 32, "selu", Window(3, 4, 2, 2, 3, 1, (1, 1), 2)),
        Layer("max-pool", 32, 18, "identity", Window(4, 4, 2, 2, 2, 1, (0, 0), 2)),
        Layer("mean-pool", 18, 8, "identity", Window(3, 3, 2, 2, 2, 1, (0, 0), 2)), Layer("dense", 8, 3, output),
    )  # fmt: skip
    assert {layer.kind for layer in layers} == set(LAYER_KINDS)
    x, flat = rng.normal(0, 2, (30, 2)), rng.normal(0, 1, functions.weights(layers))
    given = {"layers": [layer._asdict() for layer in layers], "weights": flat.tolist(), "x": x.T.tolist()}
    body = "return makePass(given.layers, 30)(given.weights, given.x).at(-1).map((column) => [...column]);"
    ours = np.array(run_script(browser, body, given)).T
    params = functions.unflatten(flat, layers)
    assert ours == pytest.approx(functions.predict(layers, params, x), rel=1e-12, abs=1e-14)


# ---- what is shown is what was trained ----


CHOICES = ("xor", 1, 500), ("xor", 17, 60), ("rings", 3, 120), ("alone", 0, 33)


@pytest.mark.parametrize(("name", "k", "epoch"), CHOICES)
def test_a_choice_shows_the_numbers_of_that_network(shown, pages, name, k, epoch):
    (recording, *_), points = pages[1][name]
    opened = shown(name, f"#epoch={epoch}")
    opened.locator(f"#seed-{k}").click()
    drawn(opened)
    results, f = recording.results, frame_of(recording, epoch)
    assert opened.locator("#chosen-head").inner_text() == f"Seed {results.seeds[k]}"
    params = functions.unflatten(recording.flat[k, f], results.layers[0])
    output = functions.predict(results.layers[0], params, points.x)
    answers = rows(opened, "Its answers")[: len(points.x)]
    told = np.array([[number_of(cell) for cell in row[3:]] for row in answers])
    assert told == pytest.approx(output, rel=2e-4, abs=1e-6)
    assert [row[2] for row in answers] == [points.classes[label] for label in points.labels]
    place = points.x / points.factor + points.center
    assert np.array([[number_of(c) for c in row[:2]] for row in answers]) == pytest.approx(place, rel=5e-3, abs=1e-6)
    weights = [number_of(row[-1]) for row in rows(opened, "Its weights")]
    assert weights == pytest.approx(recording.flat[k, f], rel=1e-5)
    misses = SCORES["largest" if output.shape[1] > 1 else "sides"].miss(output, points.y).sum()
    said = facts(opened)
    assert said["right"] == f"{len(points.x) - int(misses):,} of {len(points.x):,} points"
    assert number_of(said["epoch"]) == recording.epochs[f]
    loss = recording.losses[k, recording.curve_epochs.tolist().index(recording.epochs[f])]
    assert number_of(said["loss"]) == pytest.approx(float(loss), rel=6e-3)
    solved = results.epochs_to_solve[k]
    assert said["outcome"] == (f"solved after {solved} epochs" if solved >= 0 else "not solved")


BLUER = """
([seed, n]) => {
  const option = document.getElementById(`seed-${seed}`), canvas = option.parentElement.querySelector("canvas");
  const ratio = canvas.width / canvas.clientWidth, side = option.clientHeight, bluer = [];
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  for (let row = 0; row < n; row++) for (let column = 0; column < n; column++) {
    const at = (offset, place) => Math.floor((offset + (place + .5) / n * side) * ratio);
    const [r, , b] = context.getImageData(at(option.offsetLeft, column), at(option.offsetTop, row), 1, 1).data;
    bluer.push(b - r);
  }
  return bluer;
}
"""


@pytest.mark.parametrize("epoch", [10, 500])
def test_a_square_is_the_map_of_its_network(shown, pages, epoch):
    (recording,), points = pages[1]["xor"]
    opened, n = shown("xor", f"#epoch={epoch}"), 8
    low, high = points.x.min(0) - 0.12, points.x.max(0) + 0.12
    share = (np.arange(n) + 0.5) / n
    x = np.array([[low[0] + (high[0] - low[0]) * c, high[1] - (high[1] - low[1]) * r] for r in share for c in share])
    for k in (0, 1, 50, 199):
        params = functions.unflatten(recording.flat[k, frame_of(recording, epoch)], recording.results.layers[0])
        answer = functions.predict(recording.results.layers[0], params, x)[:, 0]
        bluer = np.array(opened.evaluate(BLUER, [k, n]))
        clear = np.abs(answer - 0.5) > 0.25 if epoch == 500 else np.abs(answer - 0.5) > 0.02
        assert clear.any()
        # Smoothed between the cells of a coarse grid: of what is clear, nearly all.
        assert ((bluer > 0) == (answer < 0.5))[clear].mean() > 0.9


def test_the_networks_are_in_groups_failures_first_or_by_seed(shown, pages):
    (recording,), _ = pages[1]["xor"]
    results = recording.results
    opened = shown("xor")
    order = [int(option.get_attribute("data-k")) for option in opened.locator("[role=option]").all()]
    failed = int((~results.solved).sum())
    assert opened.locator("#wall h3").all_inner_texts() == [
        f"{failed} not solved", f"{200 - failed} solved, the slowest first",
    ]  # fmt: skip
    assert not results.solved[order[:failed]].any()
    assert (np.diff(results.loss[order[:failed]]) <= 0).all()
    assert (np.diff(results.epochs_to_solve[order[failed:]]) <= 0).all()
    opened.select_option("#sort", "seed")
    drawn(opened)
    assert [int(o.get_attribute("data-k")) for o in opened.locator("[role=option]").all()] == list(range(200))


# ---- time ----


def test_frames_move_and_end_with_the_last(shown):
    opened = shown("xor", "")
    assert opened.locator("#play").inner_text().strip() == "Pause"
    first, epoch = pixels(opened), opened.locator("#epoch").inner_text()
    opened.wait_for_timeout(900)
    assert pixels(opened) != first
    assert opened.locator("#epoch").inner_text() != epoch
    opened.select_option("#speed", "4")
    opened.locator("#play", has_text="Play").wait_for(timeout=20_000)
    assert opened.locator("#epoch").inner_text() == "500 of 500"
    assert opened.locator("#so-far").inner_text() == "180 of 200 solved"
    opened.locator("#play").click()
    opened.wait_for_timeout(500)
    assert opened.locator("#epoch").inner_text() != "500 of 500"


FRAMES = """
() => new Promise((done) => {
  const begin = performance.now();
  let frames = 0;
  const tick = (now) => now - begin < 3000 ? (frames++, requestAnimationFrame(tick)) : done(frames);
  requestAnimationFrame(tick);
})
"""


def watched(opened):
    """Return what tells the seconds of a processor that the page's thread has taken."""
    session = opened.context.new_cdp_session(opened)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def taken():
        metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        return metrics["TaskDuration"]

    return taken


def busy():
    """Whether others have the processors: then a page gets less than its time, and what it takes of it counts."""
    return os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1)


def test_two_hundred_networks_play_at_thirty_frames_a_second(shown):
    opened = shown("xor", "")
    taken = watched(opened)
    before = taken()
    frames = opened.evaluate(FRAMES)
    assert opened.locator("#play").inner_text().strip() == "Pause"
    assert (taken() - before) / frames < 1 / 30
    assert busy() or frames / 3 >= 30


@pytest.mark.parametrize("name", ["xor", "many", "pairs"])
def test_a_page_opens_in_under_a_second(shown, name):
    opened = shown(name, "")
    taken = watched(opened)
    before = taken()
    opened.reload()
    assert 0 < taken() - before < 1
    ended = opened.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert ended > 0
    assert busy() or ended < 1000


def test_without_motion_the_page_stands_at_its_end(shown):
    opened = shown("xor", "", motion="reduce")
    assert opened.locator("#epoch").inner_text() == "500 of 500"
    before = pixels(opened)
    opened.wait_for_timeout(500)
    assert pixels(opened) == before


# ---- keys, and who listens ----


def test_keys_play_step_choose_and_close(shown):
    opened = shown("xor", "#epoch=0")
    epoch = opened.locator("#epoch")
    opened.keyboard.press("ArrowRight")
    drawn(opened)
    assert epoch.inner_text() != "0 of 500"
    opened.keyboard.press("ArrowLeft")
    drawn(opened)
    assert epoch.inner_text() == "0 of 500"
    opened.keyboard.press("Space")
    opened.wait_for_timeout(700)
    opened.keyboard.press("Space")
    drawn(opened)
    assert epoch.inner_text() != "0 of 500"
    opened.locator("#wall").focus()
    opened.keyboard.press("Home")
    options = [o.get_attribute("id") for o in opened.locator("[role=option]").all()]
    active = lambda: opened.locator("#wall").get_attribute("aria-activedescendant")  # noqa: E731
    assert active() == options[0]
    opened.keyboard.press("ArrowRight")
    assert active() == options[1]
    opened.keyboard.press("ArrowDown")
    below = opened.locator(f"#{active()}").bounding_box()
    above = opened.locator(f"#{options[1]}").bounding_box()
    assert below["x"] == above["x"]
    assert below["y"] > above["y"]
    opened.keyboard.press("End")
    assert active() == options[-1]
    assert opened.locator("[aria-selected=true]").count() == 1
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "chosen"
    opened.keyboard.press("Escape")
    drawn(opened)
    assert not opened.locator("#chosen").is_visible()
    assert opened.locator("[aria-selected=true]").count() == 0
    assert "seed=none" in opened.url


def test_who_listens_hears_names_outcomes_and_a_table(shown, pages):
    (recording,), _ = pages[1]["xor"]
    opened = shown("xor")
    assert opened.get_by_role("listbox", name="Networks").get_by_role("option").count() == 200
    label = opened.locator("#seed-0").get_attribute("aria-label")
    assert label == f"Seed {SEEDS[0]}, solved after {recording.results.epochs_to_solve[0]} epochs"
    assert opened.get_by_role("slider", name="Epoch").get_attribute("aria-valuetext") == "epoch 500 of 500"
    opened.locator("#outcomes summary").click()
    table = opened.locator("#outcomes tbody tr")
    assert table.count() == 200
    assert "not solved" in table.first.inner_text()
    assert "Losses at epoch 500: median" in opened.locator("#losses .plot").get_attribute("aria-label")


# ---- the address ----


def test_the_link_shows_again_what_was_seen(shown):
    opened = shown("xor", "#epoch=100")
    opened.select_option("#sort", "seed")
    opened.select_option("#speed", "2")
    opened.locator("#seed-23").click()
    drawn(opened)
    opened.evaluate("scrollTo(0, 0)")
    link = opened.evaluate("location.hash")
    assert re.fullmatch(rf"#seed={SEEDS[23]}&epoch=\d+&order=seed&speed=2", link)
    other = shown("xor", link)
    assert other.locator("#sort").input_value() == "seed"
    assert other.locator("#speed").input_value() == "2"
    assert facts(other) == facts(opened)
    assert pixels(other) == pixels(opened)
    assert other.locator("#chosen-head").inner_text() == f"Seed {SEEDS[23]}"
    assert other.evaluate("location.hash") == link


def test_a_seed_in_the_table_opens_its_network(shown):
    opened = shown("xor", "#epoch=100")
    opened.locator("#outcomes summary").click()
    opened.locator(f"#outcomes a[href='#seed={SEEDS[77]}']").click()
    drawn(opened)
    assert opened.locator("#chosen-head").inner_text() == f"Seed {SEEDS[77]}"


NOTHING = "#seed=1", "#seed=x&epoch=-5", "#epoch=nan&order=__proto__&speed=9", "#%", "#outcomes"


@pytest.mark.parametrize("link", NOTHING)
def test_links_that_name_nothing_do_no_harm(shown, link):
    opened = shown("xor", link, motion="reduce")
    assert opened.locator("[role=option]").count() == 200


def test_on_a_phone_a_choice_goes_to_its_network(shown):
    opened = shown("xor", width=375)
    assert opened.locator("#chosen-head").bounding_box()["y"] > 900
    opened.locator("#seed-3").click()
    opened.wait_for_timeout(1200)
    bar = opened.locator(".controls").bounding_box()
    assert bar["y"] + bar["height"] <= opened.locator("#chosen-head").bounding_box()["y"] < 450


# ---- two settings ----


def test_two_settings_stand_side_by_side_with_the_same_seeds(shown, pages):
    recordings, _ = pages[1]["pairs"]
    first, second = (recording.results.solved for recording in recordings)
    opened = shown("pairs")
    counts = [(first & second).sum(), (first & ~second).sum(), (~first & second).sum(), (~first & ~second).sum()]
    words = "Solved by both {}, by lr 0.1 alone {}, by lr 1 alone {}, by neither {}.".format(*counts)
    assert words in opened.locator(".pairs").inner_text()
    assert opened.locator("[role=option]").count() == 40
    k = int(np.flatnonzero(first & ~second)[0])
    opened.locator(f"#seed-{k}").click()
    drawn(opened)
    for a, recording in enumerate(recordings):
        solved = recording.results.epochs_to_solve[k]
        assert facts(opened, a)["outcome"] == (f"solved after {solved} epochs" if solved >= 0 else "not solved")
        output = functions.predict(recording.results.layers[0], recording.results.network(k), fnn.data.xor().x)
        told = [number_of(row[3]) for row in rows(opened, "Its answers", a)]
        assert told == pytest.approx(output[:, 0], rel=2e-4, abs=1e-6)


# ---- looks ----


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["xor", "pairs", "rings", "alone", "lost"])
def test_text_stands_out_and_nothing_scrolls_sideways(shown, name, scheme):
    opened = shown(name, scheme=scheme)
    assert [text for text in opened.evaluate(CONTRASTS) if text[0] < 4.5] == []
    for width in (1280, 820, 360, 320):
        opened.set_viewport_size({"width": width, "height": 900})
        drawn(opened)
        assert opened.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]


def test_networks_that_diverged_say_so(shown):
    opened = shown("lost")
    said = facts(opened)
    assert said["outcome"].startswith("diverged after")
    assert said["loss"] == "not finite"


def test_the_scheme_may_change_while_the_page_is_open(shown):
    opened = shown("xor", "#epoch=60")
    before = pixels(opened)
    opened.emulate_media(color_scheme="dark")
    drawn(opened)
    assert pixels(opened) != before
    opened.emulate_media(color_scheme="light")
    drawn(opened)
    assert pixels(opened) == before
