"""What the figures of images are made of: windows, feature maps, channels over networks, the hardest samples."""

import numpy as np
import pytest
from conftest import read_only
from torch_oracles import ACTIVATIONS

import fnn
from fnn.network.hidden import layer_names
from fnn.network.images import feature_maps, first_convolution, windows
from fnn.plots.images import feature_maps_of, hardest_of, kernels_of, one_of_each
from fnn.stats.channels import compare_windows, match_channels, median_network, most_varied, ranked, spread_networks
from fnn.stats.hardest import Answered, hardest, least_sure

# ---- windows and maps ----


def edge_network(activation="relu"):
    """Return the layers and weights of a network whose one window answers where pixels grow brighter to the right."""
    layers = fnn.Config(hidden="conv1:3-pool2", image="4x6", activation=activation).layers(24, 1)
    edge = np.array([-1.0, 0, 1] * 3 + [0])[:, None]  # row by row, and the bias
    return layers, (edge, np.zeros((0, 1)), np.zeros((3, 1)))


def test_an_edge_is_where_the_window_of_an_edge_answers():
    layers, params = edge_network()
    assert windows(layers[0], params[0]).tolist() == [[[[-1], [0], [1]]] * 3]
    image = np.zeros((4, 6))
    image[:, 3:] = 1  # an edge between the third and the fourth column
    conv, pool = feature_maps(layers, params, read_only(image.reshape(1, -1))[0])
    assert (conv.place, pool.place) == (0, 1)
    assert conv.maps[0, :, :, 0].tolist() == [[0, 3, 3, 0]] * 2
    assert pool.maps[0, :, :, 0].tolist() == [[3, 3]]
    dark = feature_maps(layers, params, 1 - image.reshape(1, -1))[0]
    assert not dark.maps.any(), "where pixels grow darker its sum is negative, and relu gives 0"
    assert feature_maps(*edge_network("tanh"), 1 - image.reshape(1, -1))[0].maps.min() == np.tanh(-3)


@pytest.mark.parametrize(("scale", "activation"), [("none", "tanh"), ("learned", "relu"), ("none", "gelu")])
def test_feature_maps_are_those_of_pytorch(scale, activation):
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
    f = ACTIVATIONS[activation](torch)
    config = fnn.Config(
        hidden="conv4:3x2+1-pool2-conv5:2-mean2x1", image="8x7x3", activation=activation, input_scale=scale
    )
    layers = config.layers(168, 2)
    params = fnn.init(layers, range(3), "he")
    x = np.random.default_rng(0).normal(size=(5, 168))
    done = feature_maps(layers, params, x)
    assert [layers[each.place].kind for each in done] == ["conv", "max-pool", "conv", "mean-pool"]
    images = torch.tensor(x.reshape(5, 8, 7, 3)).permute(0, 3, 1, 2)
    first, second = (done[k].place for k in (0, 2))
    for s in range(3):
        kernel = [torch.tensor(windows(layers[k], params[k][s])).permute(0, 3, 1, 2) for k in (first, second)]
        bias = [torch.tensor(params[k][s, -1]) for k in (first, second)]
        a = f(torch.conv2d(images, kernel[0], bias[0], padding=1))
        b = torch.max_pool2d(a, 2)
        c = f(torch.conv2d(b, kernel[1], bias[1]))
        d = torch.nn.functional.avg_pool2d(c, (2, 1), 2)
        for ours, theirs in zip(done, (a, b, c, d), strict=True):
            np.testing.assert_allclose(ours.maps[s], theirs.permute(0, 2, 3, 1).numpy(), rtol=1e-12, atol=1e-12)


def test_layers_are_called_as_they_are_typed():
    config = fnn.Config(hidden="conv4:3+1-pool2-6", image="8x8", input_scale="learned")
    layers = config.layers(64, 2)
    assert list(layer_names(config.hidden, layers)) == ["scale", "conv4:3+1", "pool2", "dense 6", "dense 2"]
    assert first_convolution(layers) == 1
    assert first_convolution(fnn.Config(hidden="pool2-6", image="8x8").layers(64, 2)) is None


def test_of_a_layer_the_channels_are_shown_that_vary_most_and_pooling_keeps_them():
    config = fnn.Config(hidden="conv12:3-pool2-4", image="6x6", activation="identity", dtype="float64")
    layers = config.layers(36, 1)
    params = fnn.init(layers, 5)
    params[0][:, 3] = 0  # a channel that answers nothing
    x = np.random.default_rng(1).random((4, 36))
    content = feature_maps_of(config, layers, params, x, x.reshape(4, 6, 6, 1), list("abcd"))
    conv, pool = content.layers
    (maps, _), (_, pooled) = feature_maps(layers, params, x)[0][::-1], feature_maps(layers, params, x)[1]
    variance = maps.var(axis=(0, 1, 2))
    assert conv.channels == sorted(np.argsort(-variance)[:8].tolist())
    assert 3 not in conv.channels
    assert (pool.channels, conv.of, pool.of) == (conv.channels, 12, 12)
    np.testing.assert_array_equal(pool.maps, pooled[..., pool.channels])
    np.testing.assert_array_equal(conv.windows, windows(layers[0], params[0])[conv.channels, ..., 0])
    assert pool.windows is None
    assert most_varied(np.zeros((2, 3, 3, 5)), 2).tolist() == [0, 1]


# ---- networks side by side ----


def test_networks_are_ordered_by_their_loss_and_those_without_one_left_out():
    loss = np.array([0.3, np.nan, 0.1, np.inf, 0.2, 0.5, 0.4, 0.6, 0.7])
    assert ranked(loss).tolist() == [2, 4, 0, 6, 5, 7, 8]
    assert median_network(loss) == 6
    assert spread_networks(loss, 3).tolist() == [2, 6, 8]
    assert spread_networks(loss, 5)[2] == median_network(loss)
    assert spread_networks(loss[:3], 5).tolist() == [2, 0]
    assert median_network(loss[:3]) == 2, "of two in the middle the lower"
    assert median_network(np.array([np.nan])) is None


def test_channels_are_found_again_in_whatever_order_they_stand():
    rng = np.random.default_rng(2)
    reference = rng.normal(size=(6, 3, 3, 2))
    orders = np.array([rng.permutation(6) for _ in range(4)])
    others = 2.5 * reference[orders]  # longer, which a cosine does not see
    matched = match_channels(*read_only(reference, others))
    np.testing.assert_array_equal(np.take_along_axis(orders, matched.places, 1), np.tile(np.arange(6), (4, 1)))
    assert matched.cosine == pytest.approx(1)
    assert match_channels(reference, -others).cosine.max() < 0.99, "an inverted window looks for something else"


def test_the_likest_pair_goes_first_and_a_window_of_zeros_is_like_none():
    reference = np.array([[1.0, 0], [0.6, 0.8], [0, 0]])
    others = np.array([[[0.8, 0.6], [0.0, 1], [1, 1]]])
    # cosines 0.8, 0, 0.707; 0.96, 0.8, 0.990; 0, 0, 0: the second takes the third, the first the first
    matched = match_channels(reference, others)
    assert matched.places.tolist() == [[0, 2, 1]]
    assert matched.cosine[0] == pytest.approx([0.8, 1.4 / 2**0.5, 0])


def test_windows_stand_below_those_of_the_median_network_that_are_like_them():
    rng = np.random.default_rng(3)
    base = rng.normal(size=(4, 2, 2, 1))
    order = np.array([[0, 1, 2, 3], [2, 0, 3, 1], [1, 3, 0, 2]])
    noise = np.array([0.02, 0, 0.5])[:, None, None, None, None]
    trained = base[order] + noise * rng.normal(size=(3, 4, 2, 2, 1))
    initial = rng.normal(size=trained.shape)
    shown = compare_windows(trained, np.array([0.2, 0.1, 0.3]), initial, 5, 2)
    assert shown.networks.tolist() == [1, 0, 2]
    np.testing.assert_array_equal(shown.weights[1], trained[0, shown.channels])
    matched = match_channels(trained[0], trained[1:])
    mean = matched.cosine.mean(axis=0)
    assert shown.cosine == pytest.approx(np.sort(mean)[::-1][:2])
    assert shown.all_channels == pytest.approx(mean.mean())
    assert shown.before == pytest.approx(match_channels(initial[0], initial[1:]).cosine.mean())
    np.testing.assert_array_equal(shown.weights[0], trained[1, matched.places[0, shown.channels]])
    one = compare_windows(trained[:1], np.array([0.2]), None, 5, 3)
    assert (one.channels.tolist(), np.isnan(one.cosine).all(), one.before) == ([0, 1, 2], True, None)


@pytest.mark.parametrize("settings", [{}, {"input_scale": "learned", "output_init": "zero", "parametrization": "ntk"}])
def test_before_training_windows_were_those_that_the_seeds_draw(settings):
    """Untrained networks are as alike as before training, so both numbers are one."""
    config = fnn.Config(hidden="conv6:3-pool2-8", image="8x8x2", init="he", init_scale=1.5, **settings)
    layers = config.layers(128, 3)
    params = fnn.init(
        layers, range(7, 12), config.init, config.init_scale, np.float32 if config.dtype == "float32" else np.float64,
        parametrization=config.parametrization, output_init=config.output_init,
    )  # fmt: skip
    content = kernels_of(config, layers, params, range(7, 12), np.arange(5.0))
    assert content.windows.before == pytest.approx(content.windows.all_channels, abs=1e-12)
    assert (content.seeds, content.loss) == ([7, 8, 9, 10, 11], [0, 1, 2, 3, 4])
    assert kernels_of(config, layers, params, range(7, 12), np.full(5, np.nan)) is None


# ---- the hardest samples ----


def test_the_share_right_counts_networks_and_the_mean_leaves_out_those_that_answer_nothing():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.4, 0.4, 0.2], [np.nan] * 3])
    answered = Answered(5, 0, p)
    assert answered.right == 2 / 4, "of equal ones the first is the answer; NaN is none"
    assert answered.mean == pytest.approx([0.4, 0.4, 0.2])
    assert np.isnan(Answered(5, 0, p[3:]).mean).all()


def test_the_hardest_are_those_that_the_fewest_networks_answer_rightly():
    def sample(row, *of_true):
        p = np.array(of_true)
        return Answered(row, 1, np.stack((1 - p, p), axis=1))

    samples = [sample(0, 0.9, 0.8), sample(1, 0.4, 0.3), sample(2, 0.51, 0.1), sample(3, 0.2, 0.3), sample(4, 0.9, 0.4)]
    assert [each.row for each in hardest(samples, 4)] == [3, 1, 2, 4]
    mean = np.array([each.mean for each in samples])
    assert least_sure(mean, np.ones(5, int), 3).tolist() == [3, 2, 1]
    mean[0] = np.nan
    assert least_sure(mean, np.ones(5, int), 1).tolist() == [0]
    asked = []
    found = hardest_of(mean, np.ones(5, int), lambda rows: asked.append(rows) or [samples[k].p for k in rows], 2)
    assert [each.row for each in found] == [3, 1]
    assert len(asked) == 1


def test_one_of_each_class_is_the_first_that_is_right():
    true, right = np.array([2, 0, 0, 1, 2, 1]), np.array([False, False, True, False, True, False])
    assert one_of_each(true, right, 10).tolist() == [2, 4]
    assert one_of_each(true, right, 1).tolist() == [2]
    assert one_of_each(true, np.zeros(6, bool), 10).tolist() == []
