"""Frames as protocols show them, against loops over pixels."""

import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.evaluation.frames import asked_frame, read_frame
from acdepth.evaluation.protocols import Protocol, Window
from tests.evaluation.footage import CAMERA, HEIGHT, WIDTH, Drive

PART = Protocol(
    name="part",
    min_depth=2.0,
    max_depth=50.0,
    input_window=Window(top=0.25, bottom=0.875, left=0.125, right=0.75),
    scored_window=Window(top=0.1, bottom=0.9, left=0.25, right=0.8),
)
SHOWN = slice(8, 28), slice(8, 48)
SCORED = slice(8 + 2, 8 + 18), slice(8 + 10, 8 + 32)


class Street(Drive):
    """Noise in every layer, at whole and half metres, some of it out of range."""

    def __init__(self, masked: bool = True, labelled: bool = True) -> None:
        super().__init__("street", [1.0, 1.0])
        self.masked, self.labelled, self.draw = masked, labelled, np.random.default_rng(0)
        self.layers = {
            "image": self.draw.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8),
            "depth": self.draw.choice([0, 1.5, 2, 2.5, 20, 49.5, 50, 70], (HEIGHT, WIDTH)).astype(np.float32),
            "classes": self.draw.integers(0, 3, (HEIGHT, WIDTH)).astype(np.uint8),
            "mask": self.draw.random((HEIGHT, WIDTH)) < 0.3,
        }

    def image(self, index):
        return self.layers["image"]

    def depth(self, index):
        return self.layers["depth"] if index == 1 else None

    def classes(self, index):
        return self.layers["classes"] if self.labelled else None

    @property
    def ego_mask(self):
        return self.layers["mask"] if self.masked else None


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
def test_what_counts_against_a_loop_over_pixels(masked: bool, labelled: bool):
    street = Street(masked, labelled)
    depth, classes, mask = (street.layers[name] for name in ("depth", "classes", "mask"))
    expected = []
    for row in range(SCORED[0].start, SCORED[0].stop):
        for column in range(SCORED[1].start, SCORED[1].stop):
            if 2 < depth[row, column] < 50 and not (masked and mask[row, column]):
                place = (row - SHOWN[0].start) * 40 + column - SHOWN[1].start
                expected.append((place, depth[row, column], classes[row, column]))
    frame = read_frame(street, 1, PART)
    assert frame is not None and len(expected) > 50
    places, depths, labels = zip(*expected, strict=True)
    assert frame.truth.pixels.tolist() == list(places) and frame.truth.depth.tolist() == list(depths)
    assert (frame.classes.tolist() == list(labels)) if labelled else frame.classes is None  # pyright: ignore
    np.testing.assert_array_equal(frame.image, street.layers["image"][SHOWN])
    assert (frame.size, frame.whole, frame.key) == ((20, 40), (HEIGHT, WIDTH), street.key(1))
    assert (frame.clip, frame.index, frame.is_dense) == (street, 1, False)
    assert frame.camera == CAMERA.cropped(8, 8, 20, 40)


def test_a_frame_of_which_nothing_counts_is_none():
    street = Street()
    assert read_frame(street, 0, PART) is None
    street.layers["depth"][:] = 50
    assert read_frame(street, 1, PART) is None
    street.layers["depth"][SCORED] = 49
    street.layers["mask"][:] = False
    frame = read_frame(street, 1, PART)
    assert frame is not None and frame.is_dense and len(frame.truth.pixels) == 16 * 22


@pytest.mark.parametrize(("layer", "name"), [("depth", "depth"), ("classes", "class map")])
def test_layers_of_another_size_are_refused_with_both_sizes(layer: str, name: str):
    street = Street()
    street.layers[layer] = street.layers[layer][:-1]
    with pytest.raises(UserError, match=rf"its {name} has 64x31 pixels, the image 64x32; make them the same"):
        read_frame(street, 1, PART)


def test_pixels_that_are_asked_for_need_no_measurement():
    street, pixels = Street(), np.array([0, 41, 799], np.int64)
    frame = asked_frame(street, 0, street.image(0), pixels, PART)
    np.testing.assert_array_equal(frame.image, street.layers["image"][SHOWN])
    assert frame.size == (20, 40) and frame.whole == (HEIGHT, WIDTH) and frame.index == 0
    assert frame.truth.pixels is pixels and frame.truth.depth.dtype == np.float32
    assert np.isnan(frame.truth.depth).all() and frame.truth.depth.shape == (3,)
    assert frame.classes is None and frame.is_dense is False
    assert frame.camera == CAMERA.cropped(8, 8, 20, 40)
    street.camera = None
    assert asked_frame(street, 0, street.image(0), pixels, PART).camera is None
