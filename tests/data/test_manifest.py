"""The manifest of translations: whole after a kill, gathered in order, and what is wrong is told."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.identity import Identity
from acdepth.data.manifest import Entry, Manifest, generator_hash
from acdepth.data.stored import hash_pixels
from tests.evaluation.footage import Drive

SETTINGS = {"format": "png", "crop": None, "seed": 3, "size": [16, 20]}


def opened(folder: Path) -> Manifest:
    manifest = Manifest(folder)
    manifest.open_for_writing(Identity(SETTINGS))
    return manifest


def made(manifest: Manifest, source: str, condition: str = "night", shade: int = 9) -> Entry:
    """An image of one colour and its entry, which is not yet added."""
    path = manifest.file(condition, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((16, 20, 3), shade, np.uint8)).save(path)
    size = path.stat().st_size
    hashed = generator_hash(manifest.settings)
    return Entry(source, "pixels", "stamp", condition, 5, hashed, hash_file(path), size)


def test_entries_are_there_again_and_a_torn_line_is_not(tmp_path: Path):
    manifest = opened(tmp_path)
    first, second = made(manifest, "a/0.jpg"), made(manifest, "a/1.jpg", "rain")
    manifest.add([first])
    manifest.add([second])
    assert manifest.path == tmp_path / "manifest.jsonl"
    assert manifest.entries == {("night", "a/0.jpg"): first, ("rain", "a/1.jpg"): second}
    with manifest.path.open("a") as stream:
        stream.write(json.dumps(asdict(replace(first, source="a/2.jpg")))[:-5])
    assert Manifest(tmp_path).entries == manifest.entries
    assert opened(tmp_path).entries == manifest.entries
    assert manifest.path.read_text().endswith("}\n") and manifest.path.read_text().count("\n") == 2


def test_a_line_that_is_no_entry_is_refused_by_its_number(tmp_path: Path):
    manifest = opened(tmp_path)
    entry = made(manifest, "a/0.jpg")
    manifest.add([entry])
    good = manifest.path.read_text()
    for bad in ("[]", '{"source": 1}', json.dumps(asdict(replace(entry, condition="dusk")))):
        manifest.path.write_text(good + bad + "\n" + good)
        with pytest.raises(UserError, match=r"line 2 is no manifest entry .*delete it"):
            Manifest(tmp_path)


def test_parts_of_processes_are_read_and_gathered_in_order(tmp_path: Path):
    manifest = opened(tmp_path)
    entries = [made(manifest, "b.jpg"), made(manifest, "a.jpg"), made(manifest, "a.jpg", "fog")]
    manifest.add(entries[:1])
    for rank, entry in enumerate(entries[1:]):
        other = Manifest(tmp_path)
        other.append_to_part(rank)
        other.add([entry])
    assert (tmp_path / "manifest-0.jsonl").exists() and (tmp_path / "manifest-1.jsonl").exists()
    found = Manifest(tmp_path)
    assert len(found.entries) == 3
    found.gather()
    lines = [json.loads(line) for line in manifest.path.read_text().splitlines()]
    assert [(one["condition"], one["source"]) for one in lines] == [
        ("fog", "a.jpg"),
        ("night", "a.jpg"),
        ("night", "b.jpg"),
    ]
    assert not list(tmp_path.glob("manifest-*")) and Manifest(tmp_path).entries == found.entries


def test_an_image_is_there_while_its_source_and_size_are_the_same(tmp_path: Path):
    manifest = opened(tmp_path)
    manifest.add([made(manifest, "a/0.jpg")])
    path = tmp_path / "night" / "a" / "0.png"
    assert manifest.file(Condition.NIGHT, "a/0.jpg") == path
    assert manifest.has(Condition.NIGHT, "a/0.jpg", "stamp")
    assert not manifest.has(Condition.NIGHT, "a/0.jpg", "later")
    assert not manifest.has(Condition.RAIN, "a/0.jpg", "stamp")
    path.write_bytes(path.read_bytes() + b"!")
    assert not manifest.has(Condition.NIGHT, "a/0.jpg", "stamp")
    path.unlink()
    assert not manifest.has(Condition.NIGHT, "a/0.jpg", "stamp")


def test_other_settings_are_refused_only_where_images_are(tmp_path: Path):
    manifest = opened(tmp_path)
    opened(tmp_path).open_for_writing(Identity(SETTINGS | {"seed": 4}))
    assert Manifest(tmp_path).settings["seed"] == 4
    manifest = opened(tmp_path)
    manifest.add([made(manifest, "a.jpg")])
    with pytest.raises(UserError, match=r"made with other settings \(seed: 3 → 4\); give another folder"):
        Manifest(tmp_path).open_for_writing(Identity(SETTINGS | {"seed": 4}))


@pytest.mark.parametrize("settings", ["[]", '{"format": "gif", "crop": null}', '{"format": "png"}'])
def test_settings_of_something_else_are_refused(tmp_path: Path, settings: str):
    with pytest.raises(UserError, match="holds no translations; make some with acdepth translate"):
        _ = Manifest(tmp_path).settings
    (tmp_path / "settings.json").write_text(settings)
    with pytest.raises(
        UserError, match=r"not the settings of translations|holds list, expected keys and values"
    ):
        _ = Manifest(tmp_path).settings


def test_the_seed_does_not_make_another_generator():
    assert generator_hash(SETTINGS) == generator_hash(SETTINGS | {"seed": 8})
    assert generator_hash(SETTINGS) != generator_hash(SETTINGS | {"size": [16, 21]})


def test_what_is_wrong_is_told_by_file(tmp_path: Path):
    manifest = opened(tmp_path)
    entries = [made(manifest, f"{name}.jpg") for name in "abcd"]
    manifest.add([replace(entries[0], generator="other"), *entries[1:]])
    assert manifest.problems() == [
        f"{tmp_path / 'night' / 'a.png'}: made with other settings than settings.json says"
    ]
    (tmp_path / "night" / "b.png").unlink()
    (tmp_path / "night" / "c.png").write_bytes(b"other")
    assert [line.rpartition("/")[2] for line in manifest.problems()[1:]] == [
        "b.png: is missing",
        "c.png: has changed since it was made",
    ]


def test_sources_that_changed_or_are_gone(tmp_path: Path):
    manifest, drive = opened(tmp_path), Drive("a", [5.0, 7.0])
    entries = [made(manifest, drive.key(index)) for index in range(2)]
    same = replace(entries[0], source_hash=hash_pixels(drive.image(0)))
    manifest.add([same, entries[1], replace(entries[1], source="gone.jpg")])
    told = [f"{key}: has changed since it became night, or is gone" for key in (drive.key(1), "gone.jpg")]
    assert manifest.changed_sources([drive]) == told


def test_translations_of_a_frame_come_by_condition(tmp_path: Path):
    manifest, drive = opened(tmp_path), Drive("a", [5.0, 7.0])
    manifest.add([made(manifest, drive.key(0), "rain", 1), made(manifest, drive.key(0), "night", 2)])
    found = manifest.translations(drive, 0)
    assert {name: int(image.mean()) for name, image in found.items()} == {"night": 2, "rain": 1}
    assert list(found) == ["night", "rain"] and manifest.translations(drive, 1) == {}
