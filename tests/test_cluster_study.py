"""Studies on a cluster: what is said is the same, to the last digit."""

import pytest

import fnn
from fnn.studies.batches import Batch, pieces
from fnn.studies.kept import Part

pytest.importorskip("distributed")
from clusters import cluster
from test_table_study import claim, file, table

pytestmark = pytest.mark.filterwarnings("default")  # of Dask's and Tornado's own

WHEN = "seconds", "versions"


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2) as there:
        yield there


def said(name, **options):
    """Return the document of a study but for when, where and how fast."""
    return {key: value for key, value in fnn.study(name, **options).items() if key not in WHEN}


@pytest.mark.parametrize("options", [{"draws": 3}, {"draws": 2, "until_decided": True}])
def test_a_study_says_the_same(there, options):
    here = said("lab", seeds=40, **options)
    assert said("lab", seeds=40, cluster=there.address, **options) == here


def test_a_study_of_tables_says_the_same(there, tmp_path):
    table(tmp_path)
    path = file(tmp_path, claim())
    assert said(path, cluster=there.address) == said(path)


def test_pieces_of_a_batch_are_its_seeds_each_once():
    class Pieces:
        def networks(self, _place):
            return 14

    batch = Batch([0, 1], [list(range(10)), list(range(10, 20)), list(range(20, 29))], 0)
    cut = list(pieces(batch, Pieces()))
    assert [piece.networks for piece in cut] == [12] * 4 + [10]
    for draw in range(3):
        assert [seed for piece in cut for seed in piece.seeds[draw]] == batch.seeds[draw]
    assert Part(range(29), 3).chosen(3) == [list(range(9)), list(range(9, 18)), list(range(18, 27))]
