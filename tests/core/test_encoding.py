"""Pictures that do not fit into their kind of file are told, and never written as nothing."""

import cv2
import numpy as np
import pytest

from acdepth.core.encoding import encode, jpeg
from acdepth.core.errors import UserError


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_a_picture_that_is_too_long_names_its_file_and_the_room_there_is(suffix: str) -> None:
    with pytest.raises(UserError, match=r"^a: 66000x16 pixels, but .* room for \d+ on a side; write \.png"):
        encode(suffix, np.zeros((16, 66_000, 3), np.uint8), where="a")
    assert len(encode(".png", np.zeros((16, 66_000, 3), np.uint8))) > 100


@pytest.mark.parametrize("suffix", ["", ".txt", ".exe"])
def test_a_name_that_means_no_kind_is_told(suffix: str) -> None:
    with pytest.raises(UserError, match=r"^a: no image can be written under this name; use \.png or \.jpg$"):
        encode(suffix, np.zeros((16, 16, 3), np.uint8), where="a")


def test_colours_are_red_green_blue_and_gray_stays_gray() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    for content in (encode(".png", red), jpeg(red, 95)):
        seen = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert seen is not None and seen[8, 8].tolist()[2] > 250 and seen[8, 8].tolist()[0] < 5
    gray = np.arange(256, dtype=np.uint16).reshape(16, 16) * 200
    assert (cv2.imdecode(np.frombuffer(encode(".png", gray), np.uint8), cv2.IMREAD_UNCHANGED) == gray).all()
