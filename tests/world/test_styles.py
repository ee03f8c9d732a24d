"""Styles: the first one is what the world always was, the others differ and say so."""

from itertools import combinations

import pytest
import torch
import yaml
from tests.commands import call

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.world import prepare
from acdepth.world.car import Response
from acdepth.world.styles import STYLES, TOWN, find_style
from acdepth.world.town import draw_town

SIZE = (24, 40)


def test_the_style_of_what_ships_is_what_is_drawn_unless_told(drive, frame) -> None:
    assert drive.town.style is TOWN and next(iter(STYLES)) == TOWN.name == "town"
    told = prepare(drive.town.seed, 4, (48, 80), style="town").frame(1, list(Condition))
    for condition in Condition:
        assert torch.equal(told.images[condition], frame.images[condition])
    assert torch.equal(told.depth, frame.depth) and torch.equal(told.classes, frame.classes)
    assert torch.equal(told.pose, frame.pose) and told.camera == frame.camera


def test_the_usual_sensor_changes_no_bit() -> None:
    light = 3 * torch.rand(7, 9, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Response().expose(light), light)
    assert torch.equal(Response().finish(light / 3), light / 3)


def test_another_sensor_is_darker_in_its_corners() -> None:
    seen = Response(exposure=2.0, balance=(1.0, 0.5, 1.0), vignette=0.3).expose(torch.ones(5, 5, 3))
    torch.testing.assert_close(seen[2, 2], torch.tensor([2.0, 1.0, 2.0]))
    torch.testing.assert_close(seen[0, 0], 0.7 * seen[2, 2])


def test_equal_seeds_of_two_styles_are_two_places() -> None:
    towns = [draw_town(3, 2, style=style) for style in STYLES.values()]
    for one, other in combinations(towns, 2):
        assert one.road != other.road
        assert not torch.equal(one.drive.poses, other.drive.poses)
        assert not torch.equal(one.daylight.sun, other.daylight.sun)


def test_an_unknown_style_is_one_line(tmp_path, monkeypatch, capsys) -> None:
    with pytest.raises(UserError, match="style 'moon' is unknown; choose from town, country, city, motorway"):
        find_style("moon")
    assert call(monkeypatch, "world", "make", tmp_path, "--style", "moon") == 2
    assert (
        capsys.readouterr().err
        == "acdepth: error: style 'moon' is unknown; choose from town, country, city, motorway\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_files_say_the_style_and_a_folder_is_of_one(tmp_path, monkeypatch, capsys) -> None:
    flags = ["--towns", "2", "--frames", "1", "--image-size", "16x16", "--conditions", "night"]
    usual, other = tmp_path / "usual", tmp_path / "other"
    assert call(monkeypatch, "world", "make", usual, *flags) == 0
    assert call(monkeypatch, "world", "make", other, *flags, "--style", "country") == 0
    said = [
        yaml.safe_load((folder / "town_0002" / "night" / "sequence.yaml").read_text())
        for folder in (usual, other)
    ]
    assert "style" not in said[0] and said[1].pop("style") == "country"
    assert said[0] == said[1] and list(said[0]) == list(said[1])
    assert call(monkeypatch, "world", "make", other, *flags, "--style", "country") == 0
    assert call(monkeypatch, "world", "make", usual, *flags, "--style", "country") == 2
    assert "made with other settings" in capsys.readouterr().err
