"""Model files that someone changed or made: each is read, or refused in one line, and none grows in memory."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from ensemble_sample import model_of
from model_files import save_version_1

import fnn
from fnn.ensembles.model_file import load_model, save_model
from fnn.errors import InvalidSetting

REFUSED = r"model: got '.*\.npz'; expected a model\.npz of fnn \("


def arrays_of(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def changed(document, *path_and_value):
    """Return a model's JSON text with another value at a path of keys."""
    *path, last, value = path_and_value
    values = json.loads(str(document))
    inner = values
    for key in path:
        inner = inner[key]
    inner[last] = value
    return np.array(json.dumps(values))


def without(mapping, name):
    return {key: value for key, value in mapping.items() if key != name}


# What is done to the arrays of a file of version 2, of three networks and two splits; and a word of why it is refused.
ARRAY_ATTACKS = {
    "text for weights": ("W1", lambda w: w.astype(str), "text"),
    "dates for weights": ("W1", lambda w: w.astype("M8[s]"), "plain numbers"),
    "complex weights": ("W1", lambda w: w.astype(complex), "plain numbers"),
    "objects for weights": ("W1", lambda w: w.astype(object), "plain numbers"),
    "records for weights": ("W1", lambda w: w.astype([("a", "<f8")]), "plain numbers"),
    "booleans for weights": ("W1", lambda w: w > 0, "plain numbers"),
    "bytes for weights": ("W1", lambda w: w.astype("S8"), "plain numbers"),
    "whole numbers for weights": ("W1", lambda w: w.astype(np.int64), "int64"),
    "another precision": ("W1", lambda w: w.astype(np.float32), "float32"),
    "the other byte order": ("W1", lambda w: w.astype(">f8"), "plain numbers"),
    "Fortran order": ("W1", np.asfortranarray, "C order"),
    "NaN": ("W2", lambda w: np.where(w == w.max(), np.nan, w), "finite"),
    "infinity": ("W3", lambda w: np.where(w == w.max(), np.inf, w), "finite"),
    "a row too few": ("W1", lambda w: w[:, 1:], "shape"),
    "a network too few": ("W1", lambda w: w[1:], "shape"),
    "another rank": ("W1", lambda w: w[0], "shape"),
    "no rank": ("W1", lambda w: np.float64(1), "shape"),
    "nothing": ("W1", lambda w: w[:0], "shape"),
    "seeds of floats": ("seeds", lambda s: s.astype(float), "float64"),
    "seeds below 0": ("seeds", lambda s: s - 50, "below 0"),
    "a seed too many": ("seeds", lambda s: np.append(s, 1), "shape"),
    "splits beyond the last": ("splits", lambda s: s + 1, "split"),
    "splits below 0": ("splits", lambda s: s - 1, "split"),
    "a center too few": ("center", lambda c: c[:, 1:], "shape"),
    "a center of NaN": ("center", lambda c: c * np.nan, "finite"),
    "a factor of infinity": ("factor", lambda c: c * np.inf, "finite"),
    "fill for another split": ("fill", lambda c: c[1:], "shape"),
    "y_scale of two columns": ("y_scale", lambda c: np.repeat(c, 2, axis=1), "shape"),
}
DOCUMENT_ATTACKS = {
    "no format": (("format", None), "format"),
    "another format": (("format", "torch"), "format"),
    "a later version": (("version", 3), "version 3, of fnn '0.1.0'; fnn 0.1.0 reads up to 2"),
    "version 1": (("version", 1), "format"),
    "a version of text": (("version", "2"), "version"),
    "a version of true": (("version", True), "version"),
    "an unknown setting": (("config", "lrr", 1), "lr"),
    "a setting of another type": (("config", "lr", "0.1"), "lr"),
    "a setting out of range": (("config", "hidden", [5, -4]), "hidden"),
    "widths of text": (("config", "hidden", ["5", "4"]), "hidden"),
    "widths of lists": (("config", "hidden", [[5], [4]]), "hidden"),
    "a setting as a list": (("config", "activation", [["tanh"]]), "activation"),
    "a setting as a dict": (("config", "loss", {"mse": 1}), "loss"),
    "a config of text": (("config", "plain"), "config"),
    "another width": (("config", "hidden", [5, 5]), "shape"),
    "another depth": (("config", "hidden", [5]), "W2"),
    "a deeper net": (("config", "hidden", [5, 4, 4]), "W3"),
    "a million layers": (("config", "hidden", [1] * 100_000), "W1"),
    "wide layers": (("config", "hidden", [32767, 32767]), "shape"),
    "another precision": (("config", "dtype", "float32"), "float64"),
    "no networks": (("networks", 0), "networks"),
    "a billion networks": (("networks", 10**9), "shape"),
    "a network and a half": (("networks", 1.5), "networks"),
    "more networks than an int": (("networks", 10**30), "networks"),
    "splits of text": (("splits", "2"), "splits"),
    "no task": (("task", "ranking"), "task"),
    "a task that is no text": (("task", ["binary"]), "task"),
    "another task": (("task", "regression"), "regression"),
    "targets of numbers": (("target_names", [1]), "target_names"),
    "no target": (("target_names", []), "targets"),
    "two targets of one class": (("target_names", ["a", "b"]), "targets"),
    "a class too many": (("classes", ["a", "b", "c"]), "classes"),
    "one class twice": (("classes", ["a", "a"]), "classes"),
    "classes of null": (("classes", None), "classes"),
    "text for numbers": (("class_kind", "number"), "no"),
    "no kind": (("class_kind", 7), "class_kind"),
    "an encoder of text": (("encoder", "none"), "encoder"),
    "an encoder without features": (("encoder", {}), "model"),
    "smooth_clip of 1": (("smooth_clip", 1), "smooth_clip"),
    "an interval of text": (("learned_interval", "wide"), "learned_interval"),
    "an interval without numbers": (("learned_interval", {}), "learned_interval"),
    "an interval of classes": (("learned_interval", {"residual": [1], "q": 1}), "each target"),
    "an interval below 0": (("learned_interval", {"residual": [-1], "q": 1}), "learned_interval"),
    "an interval of a list": (("learned_interval", {"residual": [1], "q": [1]}), "learned_interval"),
    "two shares": (("coverage", [0.9, 0.8]), "coverage"),
    "a share above 1": (("coverage", [0.9, 0.8, 1.1]), "coverage"),
    "about of text": (("about", "me"), "about"),
    "a temperature of 0": (("temperature", 0), "temperature"),
    "a temperature of text": (("temperature", "hot"), "temperature"),
    "words for classes of one target": (("label_words", [["no", "yes"]]), "label_words"),
    "words of one text": (("label_words", [["no"]]), "label_words"),
    "words twice the same": (("label_words", [["no", "no"]]), "label_words"),
    "words of text": (("label_words", "no"), "label_words"),
    "an entry too many": (("exec", "print()"), "exec"),
}
TEXT_ATTACKS = {
    "no JSON": ("{", "Expecting"),
    "a list": ("[]", "names with values"),
    "null": ("null", "names with values"),
    "nothing": ("", "Expecting"),
    "NaN": ('{"format": NaN}', "NaN is no number"),
    "a number of too many digits": ('{"version": ' + "9" * 5000 + "}", "digits"),
    "a million brackets": ("[" * 1_000_000, "recursion"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model file of version 2 that is as it should be."""
    path = save_model(tmp_path_factory.mktemp("whole") / "model.npz", model_of("binary"))
    assert len(load_model(path)) == 3
    return path


def refuse(path, why):
    with pytest.raises(InvalidSetting, match=REFUSED) as caught:
        load_model(path)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1200


@pytest.mark.parametrize("attack", ARRAY_ATTACKS)
def test_arrays_that_someone_changed_are_refused(tmp_path, whole, attack):
    name, change, why = ARRAY_ATTACKS[attack]
    arrays = arrays_of(whole)
    np.savez(tmp_path / "a.npz", **arrays | {name: change(arrays[name])})
    refuse(tmp_path / "a.npz", why)


@pytest.mark.parametrize("attack", DOCUMENT_ATTACKS)
def test_documents_that_someone_changed_are_refused(tmp_path, whole, attack):
    change, why = DOCUMENT_ATTACKS[attack]
    arrays = arrays_of(whole)
    np.savez(tmp_path / "a.npz", **arrays | {"model": changed(arrays["model"], *change)})
    refuse(tmp_path / "a.npz", why)


@pytest.mark.parametrize("attack", TEXT_ATTACKS)
def test_texts_that_are_no_document_are_refused(tmp_path, whole, attack):
    text, why = TEXT_ATTACKS[attack]
    np.savez(tmp_path / "a.npz", **arrays_of(whole) | {"model": np.array(text)})
    refuse(tmp_path / "a.npz", why)


@pytest.mark.parametrize("name", ["model", "W1", "W3", "seeds", "splits", "center", "y_scale"])
def test_an_array_that_is_not_there_is_named(tmp_path, whole, name):
    np.savez(tmp_path / "a.npz", **without(arrays_of(whole), name))
    refuse(tmp_path / "a.npz", "it has no config" if name == "model" else f"it has no {name}")


@pytest.mark.parametrize("name", ["W4", "W0", "evil"])
def test_an_array_too_many_is_named(tmp_path, whole, name):
    for extra in (np.zeros(3), np.array("text")):
        np.savez(tmp_path / "a.npz", **arrays_of(whole) | {name: extra})
        refuse(tmp_path / "a.npz", f"{name} is one array too many")


@pytest.fixture(scope="module")
def version_1(tmp_path_factory):
    config, xor = fnn.Config(epochs=1), fnn.data.xor()
    results = fnn.train(config, *xor, seeds=[1, 2], backend="numpy")
    return save_version_1(tmp_path_factory.mktemp("old") / "model.npz", results)


VERSION_1_ATTACKS = {
    "a later layer": ({"layers": '[["dense", 2, 4, "sigmoid"], ["dense", 4, 4, "sigmoid"]]'}, "layers"),
    "layers of text": ({"layers": '"dense"'}, "layers"),
    "layers of null": ({"layers": "null"}, "layers"),
    "no layers": ({"layers": "[]"}, "layers"),
    "inputs of text": ({"layers": '[["dense", "2", 1, "sigmoid"]]'}, "layers"),
    "endless inputs": ({"layers": '[["dense", 99999999999999999999, 1, "sigmoid"]]'}, "layers"),
    "a config of a list": ({"config": "[1]"}, "names with values"),
    "a config of other types": ({"config": '{"lr": {}}'}, "lr"),
    "a config of another net": ({"config": '{"hidden": [4]}'}, "layers"),
    "seeds of no rank": ({"seeds": np.int64(1)}, "seeds"),
    "no seeds": ({"seeds": np.zeros(0, np.int64)}, "seeds"),
    "text for seeds": ({"seeds": np.array(["1"])}, "seeds"),
    "weights of text": ({"W1": np.full((2, 3, 4), "1")}, "W1"),
    "weights of NaN": ({"W1": np.full((2, 3, 4), np.nan)}, "finite"),
    "a weight too many": ({"W9": np.zeros(2)}, "W9"),
}


@pytest.mark.parametrize("attack", VERSION_1_ATTACKS)
def test_files_of_version_1_that_someone_changed_are_refused(tmp_path, version_1, attack):
    changes, why = VERSION_1_ATTACKS[attack]
    assert len(load_model(version_1)) == 2
    np.savez(tmp_path / "a.npz", **arrays_of(version_1) | changes)
    refuse(tmp_path / "a.npz", why)


def zipped(whole, path, **changes):
    """Write a zip archive of the members of a file, some of them changed: bytes, or None for none."""
    with zipfile.ZipFile(whole) as file:
        members = {info.filename.removesuffix(".npy"): file.read(info) for info in file.infolist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in (members | changes).items():
            file.writestr(f"{name}.npy", content)


def npy(header, data=b""):
    """Return an .npy file with that text for a header."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


HEADERS = {
    "a call": ("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (3,), }", "plain"),
    "an object": ("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "plain"),
    "a record": ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }", "plain"),
    "a shape below 0": ("{'descr': '<i8', 'fortran_order': False, 'shape': (-3,), }", "plain"),
    "a shape of 64 bits": ("{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999,), }", "plain"),
    "a large shape": ("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }", "not as large"),
    "a shape that wraps round": (
        "{'descr': '<i8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "not",
    ),
    "a long number of Python 2": ("{'descr': '<i8', 'fortran_order': False, 'shape': (3L,), }", "plain"),
    "brackets": ("[" * 60_000, "plain"),
    "nothing": ("", "plain"),
    "no dtype": ("{'descr': '<z8', 'fortran_order': False, 'shape': (3,), }", "plain"),
    "a wide dtype": ("{'descr': '<f16', 'fortran_order': False, 'shape': (3,), }", "not as large"),
}


@pytest.mark.parametrize("attack", HEADERS)
def test_headers_that_someone_made_are_refused(tmp_path, whole, attack):
    header, why = HEADERS[attack]
    zipped(whole, tmp_path / "a.npz", seeds=npy(header + "\n", np.arange(3).tobytes()))
    refuse(tmp_path / "a.npz", why)


def test_members_that_are_no_arrays_are_refused(tmp_path, whole):
    for content in (b"", b"\x93NUMPY", b"\x93NUMPY\x03\x00" + b"\0" * 80, b"\x93NUMPY\x01\x00\xff\xff{", b"PK" * 40):
        zipped(whole, tmp_path / "a.npz", seeds=content)
        refuse(tmp_path / "a.npz", "")
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}], object), allow_pickle=True)
    zipped(whole, tmp_path / "a.npz", seeds=pickled.getvalue())
    refuse(tmp_path / "a.npz", "plain numbers")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_numpy_does_not_write_are_refused(tmp_path, whole):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays_of(whole))
    refuse(path, "compressed or encrypted")
    zipped(whole, path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("seeds.npy", b"")
    refuse(path, "one name")
    zipped(whole, path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../run.py", b"print()")
    refuse(path, "run.py is no array")


def test_what_is_no_model_is_named(tmp_path, whole):
    path = tmp_path / "model.npz"
    content = whole.read_bytes()
    for junk in (
        b"",
        b"junk",
        b"PK\x03\x04junk",
        content[:-1],
        content[: len(content) // 2],
        content[100:],
        b"\x89PNG",
    ):
        path.write_bytes(junk)
        refuse(path, "")
    with pytest.raises(InvalidSetting, match=r"got '.*none\.npz'; expected a file that is there"):
        load_model(tmp_path / "none.npz")
    with pytest.raises(InvalidSetting, match="this is no file"):
        load_model(tmp_path)
    with pytest.raises(InvalidSetting, match="got 7; expected a path"):
        load_model(7)


def attempt(path, content):
    """Write and read a file; return whether it was read. Anything but a refusal in one line is an error."""
    path.write_bytes(content)
    try:
        load_model(path)
    except InvalidSetting as error:
        refusal = error
    else:
        return True
    assert refusal.name == "model"
    assert "\n" not in str(refusal)
    return False


def one_byte_changed(content, count, rng):
    for place, value in zip(rng.integers(0, len(content), count), rng.integers(1, 256, count), strict=True):
        yield content[:place] + bytes([content[place] ^ value]) + content[place + 1 :]


@pytest.mark.parametrize("version", ["whole", "version_1"])
@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_byte_that_changed_never_ends_in_a_traceback(tmp_path, request, rng, version, count):
    content = request.getfixturevalue(version).read_bytes()
    read = sum(attempt(tmp_path / "a.npz", other) for other in one_byte_changed(content, count, rng))
    assert read < count / 4  # dates, flags and padding of the archive are nobody's


@pytest.mark.parametrize("version", ["whole", "version_1"])
@pytest.mark.parametrize("count", [100, pytest.param(5_000, marks=pytest.mark.slow)])
def test_a_byte_that_changed_under_a_right_checksum_never_ends_in_a_traceback(tmp_path, request, rng, version, count):
    whole = request.getfixturevalue(version)
    with zipfile.ZipFile(whole) as file:
        names = [info.filename.removesuffix(".npy") for info in file.infolist()]
        members = [file.read(info) for info in file.infolist()]
    for k in range(count):
        name, content = names[k % len(names)], members[k % len(names)]
        (other,) = one_byte_changed(content, 1, rng)
        zipped(whole, tmp_path / "a.npz", **{name: other})
        attempt(tmp_path / "a.npz", (tmp_path / "a.npz").read_bytes())


ODD = (None, True, -1, 0, 7, 0.5, 1e308, 10**30, "", "x", "\0", [], {}, [[]], [None], ["x", "x"], {"x": 1}, [1] * 99)


def places(value, path=()):
    """Yield the path of every value in a JSON document, its containers among them."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


@pytest.mark.parametrize("task", ["binary", "several"])
def test_a_value_of_the_document_that_changed_never_ends_in_a_traceback(tmp_path, task):
    """Every value of a model's document becomes every odd one; what is still read can still be asked and shown."""
    path = save_model(tmp_path / "model.npz", model_of(task))
    arrays = arrays_of(path)
    document = json.loads(str(arrays["model"]))
    read = 0
    for place in filter(None, places(document)):
        for value in ODD:
            np.savez(path, **arrays | {"model": changed(arrays["model"], *place, value)})
            if attempt(path, path.read_bytes()):
                read += 1
                assert repr(load_model(path)).startswith("Model")
    assert read < len(ODD) * sum(1 for _ in places(document)) / 3


BOUNDED = """
import resource, sys
import numpy, zipfile, fnn
from fnn.ensembles.model_file import load_model
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]),) * 2)
for path in sys.argv[2:]:
    try:
        load_model(path)
    except fnn.InvalidSetting as error:
        print(error)
"""


def test_no_file_grows_in_memory(tmp_path, whole):
    """A small file that claims gigabytes, be it by compression, by its header or by its directory, is refused."""
    bomb = tmp_path / "bomb.npz"
    zeros = np.lib.format.header_data_from_array_1_0(np.zeros((1, 5, 5)))
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, zeros | {"shape": (1_500_000, 5, 5)})
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file, file.open("W1.npy", "w", force_zip64=True) as member:
        member.write(head.getvalue())
        for _ in range(300):
            member.write(bytes(1_000_000))
    assert bomb.stat().st_size < 400_000
    claim = tmp_path / "claim.npz"
    zipped(whole, claim, W1=head.getvalue() + bytes(1000))
    directory = tmp_path / "directory.npz"
    content = bytearray(whole.read_bytes())
    place = content.rindex(b"W1.npy") - 46  # the sizes of W1 in the central directory
    assert content[place : place + 4] == b"PK\x01\x02"
    content[place + 20 : place + 28] = (2_000_000_000).to_bytes(4, "little") * 2
    directory.write_bytes(content)
    words = [sys.executable, "-c", BOUNDED, 250_000_000, bomb, claim, directory]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    why = ("compressed", "not as large", "more than the file holds")
    assert [word in line for word, line in zip(why, done.stdout.splitlines(), strict=True)] == [True] * 3
