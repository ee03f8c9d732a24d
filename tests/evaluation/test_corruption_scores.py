"""mCE and mRR against numbers worked by hand, and what is measured for them."""

from typing import Any

import numpy as np
import pytest
import torch

from acdepth.core.camera import Camera
from acdepth.core.clip import Frame
from acdepth.core.condition import Condition
from acdepth.core.crop import Resize
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.core.seeding import make_generator
from acdepth.evaluation.corruptions import corrupt
from acdepth.evaluation.corruptions.scoring import (
    SEED,
    CorruptedAt,
    CorruptionErrors,
    choose_frames,
    evaluate_corrupted,
)
from acdepth.evaluation.corruptions.summary import (
    corruption_error,
    estimation_error,
    resilience_rate,
    summarise_corruptions,
)
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.protocols import Protocol, find_protocol
from tests.evaluation.footage import HEIGHT, WIDTH, Drive, constant, model

WORLD = find_protocol("world-80m")


def by_brightness(name: str) -> NetworkModel:
    """A model that takes brightness for inverse depth [1/m]."""
    return model(name, lambda image, night: image.mean(1, keepdim=True))


def test_dee_joins_both_errors():
    assert estimation_error(np.array([0.1, 0.0, 0.4]), np.array([0.9, 1.0, 0.6])) == pytest.approx(
        [0.1, 0.0, 0.4]
    )


def test_ce_and_rr_by_hand():
    errors = np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.1, 0.1, 0.1, 0.1]])
    baseline = np.array([[0.2] * 5, [0.2] * 5])
    assert corruption_error(errors, baseline) == pytest.approx([150, 50])  # 1.5 / 1.0 and 0.5 / 1.0
    assert resilience_rate(errors, np.array([0.1, 0.1])) == pytest.approx([100 * 0.7 / 0.9, 100])


def test_without_an_error_to_compare_with_there_is_no_number():
    assert not np.isfinite(corruption_error(np.zeros(5), np.zeros(5)))
    assert not np.isfinite(resilience_rate(np.full(5, 0.5), np.array(1.0)))


def pair(dee: float) -> list[float]:
    """absRel and d1 that have this DEE."""
    return [dee, 1 - dee]


def measured(clips: tuple[str, ...], **dee: float) -> CorruptionErrors:
    """Models' errors in fog, the same in all frames; doubled in snow, halved in clear weather."""
    frames = len(clips)
    return CorruptionErrors(
        kinds=("fog", "snow"),
        clips=clips,
        clean={name: np.tile(pair(one / 2), (frames, 1)) for name, one in dee.items()},
        corrupted={
            name: np.tile([[pair(one)] * 5, [pair(2 * one)] * 5], (frames, 1, 1, 1))
            for name, one in dee.items()
        },
        sizes=dict.fromkeys(dee, ((32, 64),)),
    )


def test_a_summary_by_hand():
    errors = measured(("a", "b"), teacher=0.2, student=0.1)
    found = summarise_corruptions(errors, "teacher", (192, 640), every=3, seed=5).to_dict()
    assert (found["baseline"], found["every"], found["images"], found["sequences"]) == ("teacher", 3, 2, 2)
    assert found["corrupted_at"] == "192x640" and found["models"]["teacher"]["sizes"] == [[32, 64]]
    assert found["kind_order"] == ["fog", "snow"] and found["interval_seed"] == 5
    teacher, student = found["models"]["teacher"], found["models"]["student"]
    assert teacher["mce"] == {"mean": 100.0, "low": 100.0, "high": 100.0}
    assert student["mce"]["mean"] == 50.0
    # Clear it is right by 0.95, in fog by 0.9, in snow by 0.8.
    assert student["clean"] == {"abs_rel": 0.05, "d1": 0.95, "dee": 0.05}
    assert student["kinds"]["fog"]["rr"]["mean"] == pytest.approx(100 * 0.9 / 0.95, abs=1e-5)
    assert student["mrr"]["mean"] == pytest.approx(100 * 0.85 / 0.95, abs=1e-5)
    assert student["groups"].keys() == {"weather and lighting"}
    assert student["groups"]["weather and lighting"]["mrr"] == student["mrr"]
    assert student["kinds"]["snow"]["abs_rel"] == [0.2] * 5 and student["kinds"]["snow"]["dee"] == [0.2] * 5


def test_intervals_come_from_sequences_and_a_single_one_has_none():
    varied = measured(("a", "a", "b"), teacher=0.2, student=0.1)
    varied.corrupted["student"][2] *= [2, 1]  # worse on drive b: DEE rises by half of absRel
    found = summarise_corruptions(varied, "teacher").to_dict()["models"]["student"]["kinds"]["fog"]["ce"]
    # Drawn twice, drive a gives 0.1 / 0.2 and drive b 0.15 / 0.2; two of three frames are of a.
    assert (found["low"], found["high"]) == (50.0, 75.0)
    assert found["mean"] == pytest.approx(100 * (0.1 + 0.1 + 0.15) / 0.6, abs=1e-4)
    alone = summarise_corruptions(measured(("a", "a"), teacher=0.2), "teacher").to_dict()["models"]["teacher"]
    assert alone["mrr"]["low"] is None and alone["mrr"]["mean"] is not None


def test_a_perfect_baseline_leaves_no_number():
    found = summarise_corruptions(measured(("a", "b"), teacher=0.0, student=0.1), "teacher").to_dict()
    assert found["models"]["student"]["mce"] == {"mean": None, "low": None, "high": None}


def test_scored_clear_frames_are_taken_each_nth_of_a_sequence():
    footage = [
        Drive("a", [5.0, None, 5.0, 5.0, 5.0]),
        Drive("b", [5.0]),
        Drive("dark", [5.0], Condition.NIGHT),
    ]
    rows = evaluate([constant("m", 5.0)], footage, WORLD)
    places = [(clip.name, index) for clip, index in choose_frames(footage, rows, every=2)]
    assert places == [("a", 0), ("a", 3), ("b", 0)]
    with pytest.raises(UserError, match="only clear images are corrupted"):
        choose_frames(footage[2:], rows)


def test_what_a_model_makes_of_corrupted_frames():
    drive = Drive("a", [8.0, 4.0])
    told: list[int] = []
    found = evaluate_corrupted(
        [by_brightness("m")],
        [Frame(drive, 0), Frame(drive, 1)],
        WORLD,
        ["brightness"],
        advance=told.append,
        batch_size=2,
    )
    assert found.clips == ("a", "a") and told == [2] * 5
    assert found.corrupted["m"].shape == (2, 1, 5, 2)
    # 7.2 m is within 25 % of 8 m, 4.1 m of 4 m; no other is.
    within = [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]
    # Gray of 10 and 11 of 255, made brighter by 0.1 to 0.5: depth is 1 / (gray / 255 + severity / 10).
    for frame, (level, metres) in enumerate(((10, 8.0), (11, 4.0))):
        shown = [level / 255, *(level / 255 + severity / 10 for severity in range(1, 6))]
        expected = [abs(1 / value - metres) / metres for value in shown]
        assert found.clean["m"][frame, 0] == pytest.approx(expected[0], rel=0.01)
        assert found.corrupted["m"][frame, 0, :, 0] == pytest.approx(expected[1:], abs=0.03)  # of 8 bits
        assert found.corrupted["m"][frame, 0, :, 1] == pytest.approx(within[frame])


def test_a_frame_is_corrupted_alike_whatever_is_beside_it():
    drive = Drive("a", [8.0, 4.0, 6.0])
    places = [Frame(drive, index) for index in range(3)]
    kinds = ["gaussian_noise", "fog"]
    model = by_brightness("m")
    together = evaluate_corrupted([model], places, WORLD, kinds, batch_size=3).corrupted["m"]
    alone = evaluate_corrupted([model], places[2:], WORLD, kinds[1:], batch_size=1).corrupted["m"]
    assert np.array_equal(together[2, 1], alone[0, 0])
    # Other frames and severities have noise of their own.
    assert len(np.unique(together[:, 0, :, 0])) == 15


def test_what_changed_since_it_was_scored_is_named():
    drive = Drive("a", [None])
    with pytest.raises(UserError, match=r"a/images/000000.png: changed"):
        evaluate_corrupted([by_brightness("m")], [Frame(drive, 0)], WORLD, ["fog"])


class Gray(Drive):
    """Squares of 16 pixels of two grays, light enough for noise of both signs."""

    def image(self, index: int) -> np.ndarray:
        rows, columns = np.indices((HEIGHT, WIDTH)) // 16
        return np.repeat((100 + 60 * ((rows + columns) % 2))[..., None], 3, 2).astype(np.uint8)


def pictures_seen(
    protocol: Protocol = WORLD, kind: str = "gaussian_noise", at: CorruptedAt = "input", **networks: Any
) -> dict[str, list[np.ndarray]]:
    """By model what it is shown, uint8 (H, W, 3): the clean picture, then five severities."""
    seen: dict[str, list[np.ndarray]] = {name: [] for name in networks}

    def watching(name: str) -> NetworkModel:
        def network(image: torch.Tensor, night: torch.Tensor | None) -> torch.Tensor:
            seen[name].append((255 * image[0]).round().byte().permute(1, 2, 0).numpy())
            return image.mean(1, keepdim=True)

        return model(name, network, **networks[name])

    found = evaluate_corrupted(list(map(watching, networks)), [Frame(DRIVE, 0)], protocol, [kind], at)
    assert all(len(some) == 6 for some in seen.values())
    assert all(np.isfinite(found.corrupted[name]).all() for name in networks)
    return seen


DRIVE = Gray("a", [8.0])
KEY = "a/images/000000.png"
SMALL = (16, 32)


def resized(image: np.ndarray, size: tuple[int, int], by: Resize = "area") -> np.ndarray:
    return crop_and_resize(image, None, size, "image", by)


def noisy(image: np.ndarray, severity: int) -> np.ndarray:
    draws = make_generator(SEED, "corruption", "gaussian_noise", severity, KEY)
    return corrupt(image, "gaussian_noise", severity, draws)


@pytest.mark.parametrize("by", ["area", "lanczos"])
def test_as_published_images_are_resized_and_then_corrupted_and_the_other_way_round_if_asked(by):
    image = DRIVE.image(0)
    for at, twin in {
        "input": lambda severity: noisy(resized(image, SMALL, by), severity),
        "image": lambda severity: resized(noisy(image, severity), SMALL, by),
        (24, 80): lambda severity: resized(noisy(resized(image, (24, 80), by), severity), SMALL, by),
    }.items():
        clean, *seen = pictures_seen(at=at, network={"input_size": SMALL, "resize": by})["network"]
        start = resized(image, at, by) if isinstance(at, tuple) else image
        assert np.array_equal(clean, resized(start, SMALL, by))
        for severity, shown in enumerate(seen, start=1):
            assert np.array_equal(shown, twin(severity))


def test_noise_of_a_large_image_is_averaged_away_before_a_small_network_sees_it():
    """Four pixels become one: half the noise. At the network's size it is 0.08 in severity 1."""
    spread = {}
    for at in ("input", "image"):
        clean, seen, *_ = pictures_seen(at=at, network={"input_size": SMALL})["network"]
        spread[at] = (seen.astype(float) - clean).std() / 255
    assert spread["input"] == pytest.approx(0.08, rel=0.1)
    assert spread["image"] == pytest.approx(0.04, rel=0.1)


def test_networks_of_one_size_see_the_same_pictures_and_others_their_own():
    sizes: dict[str, Any] = {"first": SMALL, "second": SMALL, "large": (32, 32)}
    seen = pictures_seen(kind="snow", **{name: {"input_size": size} for name, size in sizes.items()})
    assert all(map(np.array_equal, seen["first"], seen["second"]))
    assert [image.shape[:2] for image in seen["large"]] == [(32, 32)] * 6
    errors = evaluate_corrupted(
        [model(name, lambda image, night: image.mean(1, keepdim=True), size) for name, size in sizes.items()],
        [Frame(DRIVE, 0)],
        WORLD,
        ["snow"],
    )
    assert errors.sizes == {name: (size,) for name, size in sizes.items()}
    fixed = pictures_seen(kind="snow", at=SMALL, **{name: {"input_size": SMALL} for name in sizes})
    assert all(map(np.array_equal, seen["first"], fixed["large"]))


def test_where_the_aspect_is_kept_an_image_is_resized_once():
    """Training stretched its images to twice their width, and so is this one: 32 x 64 becomes 64 x 256. Taken
    for an image of that shape, it would be stretched again."""
    stretched = {"input_size": (64, 128), "camera": Camera(80.0, 40.0, 64.0, 32.0, 128, 64)}
    own = find_protocol("own")
    size = model("m", lambda image, night: image, **stretched).network.fit((HEIGHT, WIDTH))
    seen = pictures_seen(own, network=stretched)["network"]
    assert {image.shape[:2] for image in seen} == {size}
    assert np.array_equal(seen[1], noisy(resized(DRIVE.image(0), size), 1))
