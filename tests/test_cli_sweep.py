"""`fnn sweep`, `show` and `export` as a user meets them."""

import csv
import json
import os
import re

import pytest
from terminal import OnTerminal

import fnn
from fnn.cli import main
from fnn.sweeps.connect import open_store
from fnn.sweeps.grid import CONFIG_SETTINGS
from fnn.sweeps.query import read_runs
from fnn.sweeps.schema import SETTINGS
from fnn.sweeps.summaries import summarize_groups

SWEEP = ("sweep", "--data", "xor", "--optimizer", "sgd,adam", "--lr", "0.1,1", "--epochs", 60, "--seeds", 50)


def test_sweep_show_and_export(command, tmp_path):
    done = command(*SWEEP, "--out", "xor.db")
    assert (done.returncode, done.stderr) == (0, "")
    first, _, last = done.stdout.splitlines()
    assert first == "200 networks: 200 trained, 0 were there"
    assert re.fullmatch(r"xor\.db: [\d.]+ kB after \S+ s; see: fnn show xor\.db", last)
    again = command(*SWEEP, "--out", "xor.db", "--json")
    document = json.loads(again.stdout)
    assert (document["total"], document["trained"], document["store"]) == (200, 0, "xor.db")

    shown = command("show", "xor.db")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    heads = r"optimizer +lr +runs +solved \(95%\) +epochs of the solved \(quartiles\) +loss, median \(95%\) +diverged"
    assert re.fullmatch(heads, lines[0])
    assert len(lines) == 5
    with open_store(tmp_path / "xor.db") as connection:
        found = summarize_groups(read_runs(connection))
    for line, s in zip(lines[1:], found, strict=True):
        low, high = s.interval
        assert line.split()[:3] == [s.group.settings["optimizer"], f"{s.group.settings['lr']:g}", "50"]
        assert f"{s.solved / 50:.1%} ({low:.1%} to {high:.1%})" in line

    exported = command("export", "xor.db", "--to", "runs.csv", "--where", "lr=0.1")
    assert re.fullmatch(r"runs\.csv: 100 runs, [\d.]+ kB\n", exported.stdout)
    with (tmp_path / "runs.csv").open(newline="") as file:
        assert {row["lr"] for row in csv.DictReader(file)} == {"0.1"}


def test_show_groups_filters_sorts_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fnn.sweep("xor", optimizer=["sgd", "adam"], lr=[0.1, 1.0], epochs=150, seeds=50, out="xor.db")
    assert main.run(["show", "xor.db", "--by", "optimizer", "--where", "lr<=0.5", "--sort", "-solved", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["arms"]
    assert [first["settings"], second["settings"]] == [{"optimizer": "adam"}, {"optimizer": "sgd"}]
    assert first["runs"] == 50
    assert first["solved"] > second["solved"]
    assert first["loss"]["low"] <= first["loss"]["median"] <= first["loss"]["high"]
    assert second["epochs_to_solve"] is None
    assert main.run(["show", "xor.db", "--plots", "figures"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == "wrote figures: learning-curves.png, solved-share.png, epochs-to-solve.png"
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == sorted(out[-1].partition(": ")[2].split(", "))


SPEC = """
data = "xor4"
seeds = 4
out = "spec.db"
epochs = 9
lr = {log = [0.01, 1], n = 3}
curve-points = 3
[[zip]]
optimizer = ["sgd", "adam"]
hidden = ["2", "3x3"]
"""


def test_a_file_says_the_same_and_options_go_before_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.toml").write_text(SPEC)
    assert main.run(["sweep", "spec.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 24
    with open_store(tmp_path / "spec.db") as connection:
        runs = read_runs(connection)
    assert sorted(set(zip(runs.settings["optimizer"], runs.settings["hidden"], strict=True))) == [
        ("adam", "3x3"),
        ("sgd", "2"),
    ]
    assert sorted(set(runs.settings["lr"])) == [0.01, 0.1, 1.0]
    assert main.run(["sweep", "spec.toml", "--seeds", "6", "--lr", "0.1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["total"], document["trained"]) == (12, 4)


BAD = [
    (("sweep",), r"--data: not given; expected one of linear"),
    (("sweep", "--data", "xor,xro"), r"--data: got 'xro'.*did you mean xor"),
    (("sweep", "--data", "xor", "--lr", "0.1,fast"), r"--lr: got 'fast'; expected a number"),
    (("sweep", "--data", "xor", "--lr", "0.1,"), r"--lr: got ''; expected a number"),
    (("sweep", "--data", "xor", "--optimizer", "sgd,adma"), r"--optimizer: got 'adma'; .*did you mean adam"),
    (("sweep", "--data", "xor", "--seeds", "0"), r"--seeds: got 0; expected"),
    (("sweep", "--data", "xor", "--seed", "-1"), r"--seed: got -1; expected"),
    (("sweep", "--data", "xor", "--threads", "0"), r"--threads: got 0; expected"),
    (("sweep", "--data", "xor", "--backend", "cuda"), r"--backend: got 'cuda'; expected"),
    (("sweep", "--data", "xor", "--curve-points", "-1"), r"--curve-points: got -1; expected"),
    (("sweep", "--data", "xor", "--out", "none/a.db"), r"--out: got 'none/a.db'; expected a file in a folder that is"),
    (("sweep", "--data", "xor", "--out", "text"), r"--out: got 'text'; expected a store of fnn"),
    (("sweep", "none.toml"), r"spec: got 'none.toml'; expected a TOML file"),
    (("sweep", "text"), r"spec: got 'text'; expected a TOML file"),
    (("sweep", "bad.toml"), r"bad\.toml: setting: got 'lrr'.*did you mean lr"),
    (("show", "none.db"), r"store: got 'none.db'; expected a store of fnn"),
    (("show", "good.db", "--by", "lrr"), r"--by: got 'lrr'; expected .*did you mean lr"),
    (("show", "good.db", "--where", "lr"), r"--where: got 'lr'; expected a condition"),
    (("show", "good.db", "--where", "lr=7"), r"good.db: no runs that meet --where"),
    (("show", "good.db", "--sort", "beauty"), r"--sort: got 'beauty'; expected one of"),
    (("show", "good.db", "--plots", "text"), r"--plots: got 'text'; expected a folder"),
    (("sweep", "--data", "xor", "--seeds", "1000000000000000"), r"--seeds: .* the disk of .*; this takes 60,000 TB"),
    (("sweep", "--data", "xor", "--fixed"), r"--fixed: expected none of it beside a named"),
    (("export", "good.db", "--to", "none/a.csv"), r"--to: got 'none/a.csv'; expected a file in a folder that is there"),
    (("export", "good.db"), r"Missing option '--to'"),
    (("export", "good.db", "--to", "a.xlsx"), r"--to: got 'a.xlsx'; expected a file that ends in"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda v: v if isinstance(v, str) else " ".join(v))
def test_bad_input_is_one_line_and_exit_code_2_and_changes_nothing(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("= nothing of the kind")
    (tmp_path / "bad.toml").write_text('data = "xor"\nlrr = 3\n')
    fnn.sweep("xor4", epochs=2, seeds=2, backend="numpy", out="good.db")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: .*{message}.*\n", err)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_terminal_sees_how_far_a_sweep_is(tmp_path):
    words = ("sweep", "--data", "xor", "--seeds", "4000", "--out", "a.db")
    code, out, screen = OnTerminal(tmp_path, *words, command=()).finish()
    assert code == 0
    assert "sweeping" not in out
    assert re.search(r"100%.*4,000 of 4,000 networks  [\d,]+/s  solved \d\d\.\d%", screen)


def test_every_setting_is_an_option_of_sweep_but_the_seed_with_commas(command):
    text = command("sweep", "--help", env={**os.environ, "COLUMNS": "200"}).stdout
    for name in SETTINGS:
        if name not in ("backend", "numerics", "data_digest"):
            assert f"--{name.replace('_', '-')} " in text
    assert text.count("A,B,…") == len(CONFIG_SETTINGS)
