from threading import Barrier

import numpy as np
import pytest
import torch

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.measured import Measured
from acdepth.core.resize import crop_and_resize
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.frames import read_frame
from acdepth.evaluation.metrics import depth_metrics
from acdepth.evaluation.predict import predict_depth, seen_by
from acdepth.evaluation.protocols import Protocol, Window, find_protocol
from acdepth.inference import framing
from tests.evaluation.footage import CAMERA, HEIGHT, WIDTH, Drive, constant, model

WORLD = find_protocol("world-80m")


def test_every_model_is_scored_on_every_measured_frame():
    footage = [Drive("a", [10.0, None, 20.0]), Drive("b", [40.0], Condition.NIGHT)]
    rows = evaluate([constant("teacher", 10.0), constant("student", 20.0)], footage, WORLD, batch_size=2)
    assert [(row.model, row.key, row.condition) for row in rows[:3]] == [
        ("teacher", "a/images/000000.png", "clear"),
        ("teacher", "a/images/000002.png", "clear"),
        ("teacher", "b/images/000000.png", "night"),
    ]
    errors = [row.metrics["abs_rel"] for row in rows]
    assert errors == pytest.approx([0.0, 0.5, 0.75, 1.0, 0.0, 0.5], abs=1e-6)


def test_classes_are_scored_apart():
    class Halves(Drive):
        def depth(self, index):
            depth = super().depth(index)
            depth[:, WIDTH // 2 :] *= 2
            return depth

    (row,) = evaluate([constant("m", 10.0)], [Halves("a", [10.0])], WORLD)
    assert row.classes.keys() == {"left", "right"}  # no pixel is of class none
    assert row.classes["left"]["abs_rel"] == pytest.approx(0.0, abs=1e-6)
    assert row.classes["right"]["abs_rel"] == pytest.approx(0.5)
    assert row.metrics["abs_rel"] == pytest.approx(0.25)


def test_the_first_class_is_a_class_where_footage_says_so():
    class Named(Drive):
        class_names = ("road", "car", "house")

        def classes(self, index):
            return super().classes(index) - 1

    (row,) = evaluate([constant("m", 10.0)], [Named("a", [10.0])], WORLD)
    assert row.classes.keys() == {"road", "car"}


def test_measurements_out_of_range_do_not_count_and_predictions_are_clamped():
    footage = [Drive("a", [79.0, 80.0, 0.1])]
    (row,) = evaluate([constant("m", 500.0)], footage, WORLD)
    assert row.index == 0
    assert row.metrics["abs_rel"] == pytest.approx(1 / 79)


def test_nothing_measured_is_an_error():
    with pytest.raises(UserError, match=r"no frame has measured depth from 0\.1 to 80 m"):
        evaluate([constant("m", 1.0)], [Drive("a", [None, 90.0])], WORLD)


def test_one_bad_frame_in_a_hundred_is_passed_over_with_a_warning_and_two_stop():
    warnings, steps = [], []
    drive = Drive("a", [10.0] * 100, unreadable=(7,))
    rows = evaluate([constant("m", 10.0)], [drive], WORLD, lambda: steps.append(1), warnings.append)
    assert (len(rows), len(warnings), len(steps)) == (99, 1, 100)
    with pytest.raises(UserError, match="2 of 100 frames cannot be read"):
        evaluate([constant("m", 10.0)], [Drive("a", [10.0] * 100, unreadable=(7, 8))], WORLD)


def test_an_unmeasured_frame_is_not_decoded():
    rows = evaluate([constant("m", 10.0)], [Drive("a", [10.0, None], unreadable=(1,))], WORLD)
    assert len(rows) == 1


def test_layers_of_another_size_are_refused():
    class Crooked(Drive):
        def depth(self, index):
            return np.ones((8, 9), np.float32)

    with pytest.raises(UserError, match=r"a/images/000000.png: its depth has 9x8 pixels, the image 64x32"):
        read_frame(Crooked("a", [1.0]), 0, WORLD)


@pytest.mark.parametrize("alignment", ["median", "scale_and_shift"])
def test_alignment_forgives_scale(alignment):
    class Ramp(Drive):
        def depth(self, index):
            return np.linspace(5, 40, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)

    truth = torch.from_numpy(Ramp("a", [1.0]).depth(0))[None, None]
    thrice = model("thrice", lambda image, night: 1 / (3 * truth))
    (row,) = evaluate([thrice], [Ramp("a", [1.0])], WORLD.model_copy(update={"alignment": alignment}))
    assert row.metrics["abs_rel"] < 1e-4
    (row,) = evaluate([thrice], [Ramp("a", [1.0])], WORLD)
    assert row.metrics["abs_rel"] > 0.9


def test_flip_shows_the_mirror_image_and_fuses():
    seen = []

    def network(image, night):
        seen.append(image)
        return torch.full((1, 1, 16, 32), 0.1 if len(seen) == 1 else 0.2)

    class Lopsided(Drive):
        def image(self, index):
            return np.tile(np.arange(WIDTH, dtype=np.uint8)[None, :, None], (HEIGHT, 1, 3))

    flipped = WORLD.model_copy(update={"flip": True})
    frame = read_frame(Lopsided("a", [10.0]), 0, flipped)
    (depth,) = predict_depth(model("m", network), [frame], flipped)
    assert torch.equal(seen[0].flip(-1), seen[1])
    assert depth[16, 32] == pytest.approx(1 / 0.15, rel=1e-3)
    assert depth[16, 0] == pytest.approx(5.0, rel=1e-3)  # at each border one of the two is kept alone
    assert depth[16, -1] == pytest.approx(10.0, rel=1e-3)


@pytest.mark.parametrize(("known", "told"), [(False, None), (True, [True])])
def test_day_or_night_is_told_only_where_the_protocol_says_so(known, told):
    seen = []

    def network(image, night):
        seen.append(None if night is None else night.tolist())
        return torch.full((1, 1, 16, 32), 0.1)

    drive = Drive("a", [10.0])
    drive.condition = Condition.NIGHT_RAIN
    protocol = WORLD.model_copy(update={"condition_known": known})
    evaluate([model("m", network)], [drive], protocol)
    assert seen == [told]


def test_images_reach_the_network_as_in_training():
    class Noise(Drive):
        def image(self, index):
            return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)

    for size in ((16, 32), (HEIGHT, WIDTH), (64, 96), (16, 96)):
        seen = []

        def network(image, night, seen=seen):
            seen.append(image)
            return torch.full((1, 1, 16, 32), 0.1)

        evaluate([model("m", network, size)], [Noise("a", [10.0])], WORLD)
        expected = crop_and_resize(Noise("a", [10.0]).image(0), None, size, "here")
        assert np.array_equal((seen[0][0].permute(1, 2, 0) * 255).round().numpy(), expected)


def test_windows_cut_the_image_and_what_is_scored():
    class Top(Drive):
        def depth(self, index):
            depth = super().depth(index)
            depth[:16] = 30.0
            return depth

    protocol = Protocol(
        name="test", input_window=Window(bottom=0.75), scored_window=Window(top=0.5, bottom=0.6)
    )
    frame = read_frame(Top("a", [10.0]), 0, protocol)
    assert frame.image.shape == (24, WIDTH, 3)
    assert frame.camera == CAMERA.cropped(0, 0, 24, WIDTH)
    assert sorted(set(frame.truth.pixels // WIDTH)) == [12, 13]
    (row,) = evaluate([constant("m", 30.0)], [Top("a", [10.0])], protocol)
    assert row.metrics["abs_rel"] == pytest.approx(0.0, abs=1e-6)


def test_metres_follow_the_focal_length_only_where_the_protocol_says_so():
    trained = Camera(10.0, 20.0, 15.5, 7.5, 32, 16)
    rescaling = WORLD.model_copy(update={"focal_rescale": True})
    (as_it_is,) = evaluate([constant("m", 10.0, trained)], [Drive("a", [10.0])], WORLD)
    (rescaled,) = evaluate([constant("m", 10.0, trained)], [Drive("a", [10.0])], rescaling)
    ratio = framing.focal_ratio(CAMERA, (16, 32), trained, (16, 32))
    assert as_it_is.metrics["abs_rel"] == pytest.approx(0.0, abs=1e-6)
    assert rescaled.metrics["abs_rel"] == pytest.approx(ratio - 1)


def test_images_of_several_sizes_keep_their_aspect_where_the_protocol_says_so():
    class Wide(Drive):
        def image(self, index):
            return np.full((16 + 16 * (index % 2), 64, 3), 10 + index, np.uint8)

        def depth(self, index):
            return np.full(self.image(index).shape[:2], self.metres[index], np.float32)

        def classes(self, index):
            return None

    def by_brightness(image, night):
        """Frame i is seen as 10 + i metres away; the sizes that were seen are kept."""
        sizes.append(tuple(image.shape[-2:]))
        return 1 / (255 * image[:, :1])

    sizes = []
    protocol = WORLD.model_copy(update={"keep_aspect": True})
    of_both = model("m", by_brightness, (64, 128))
    rows = evaluate([of_both], [Wide("a", [10.0, 11.0, 12.0, 13.0])], protocol)
    assert sizes == [of_both.network.fit((16, 64)), (64, 128)] and sizes[0] != sizes[1]
    assert [row.index for row in rows] == [0, 1, 2, 3]
    assert [row.metrics["abs_rel"] for row in rows] == pytest.approx([0.0] * 4, abs=1e-5)


class Scans(Drive):
    """Measured at few pixels, in which classes alternate."""

    def measured(self, index):
        draw = np.random.default_rng(index)
        pixels = np.sort(draw.choice(HEIGHT * WIDTH, 60, replace=False))
        return Measured((HEIGHT, WIDTH), pixels, draw.uniform(2, 70, 60).astype(np.float32))

    def depth(self, index):
        return self.measured(index).image()


@pytest.mark.parametrize("name", ["nuscenes-80m", "kitti-eigen-80m", "robotcar-50m", "own"])
@pytest.mark.parametrize("alignment", ["none", "median", "scale_and_shift"])
def test_few_points_are_scored_as_the_whole_image_is(name, alignment):
    """Against the plain way: everything at full size, and masks."""
    protocol = find_protocol(name).model_copy(update={"alignment": alignment})
    draw = torch.Generator().manual_seed(0)
    says = 0.02 + 0.3 * torch.rand(1, 1, 7, 15, generator=draw)
    network = model("m", lambda image, night: says.expand(len(image), -1, -1, -1), (16, 32))
    drive = Scans("a", [10.0, 20.0])
    rows = evaluate([network], [drive], protocol)
    for row in rows:
        frame = read_frame(drive, row.index, protocol)
        (depth,), truth = predict_depth(network, [frame], protocol), frame.truth.image()
        assert not frame.is_dense and (truth > 0).sum() == len(frame.truth.pixels)
        assert row.metrics == pytest.approx(depth_metrics(depth[truth > 0], truth[truth > 0]), rel=1e-6)
        left = truth.copy()
        left[:, WIDTH // 2 :] = 0
        expected = depth_metrics(depth[left > 0], left[left > 0])
        assert row.classes["left"] == pytest.approx(expected, rel=1e-6)


def test_images_are_read_beside_each_other_and_scored_in_order():
    meeting = Barrier(2, timeout=20)

    class Together(Drive):
        def image(self, index):
            meeting.wait()
            return super().image(index)

    rows = evaluate([constant("m", 10.0)], [Together("a", [10.0] * 4)], WORLD)
    assert [row.index for row in rows] == [0, 1, 2, 3]


def test_models_that_see_an_image_alike_share_it():
    frame = read_frame(Drive("a", [10.0]), 0, WORLD)
    models = [constant("a", 1.0), constant("b", 2.0), model("c", lambda image, night: image, (8, 16))]
    first, second, third = seen_by(models, frame, WORLD)
    assert first.image is second.image and first.image.shape == (16, 32, 3)
    assert third.image.shape == (8, 16, 3) and third.size == (HEIGHT, WIDTH)


def test_a_prediction_that_is_no_number_is_an_error():
    broken = model("broken", lambda image, night: torch.full((len(image), 1, 16, 32), torch.nan))
    with pytest.raises(UserError, match="the prediction of broken is not finite"):
        evaluate([broken], [Drive("a", [10.0])], WORLD)
