"""The student's whole training on a few pictures: where it starts, and what it refuses."""

from pathlib import Path

import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.shipped import PRIOR
from acdepth.data.folder import open_data
from acdepth.data.prepared import Prepared
from acdepth.engine import LoopSettings
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, save_checkpoint, save_encoder
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.metres import Metres
from acdepth.networks.settings import Normalisation
from acdepth.prior.depth_anything import DepthAnythingPrior, content_of
from acdepth.prior.preprocessing import Preprocessing
from acdepth.student.settings import StudentConfig
from acdepth.student.training import open_prior, train_student
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.translate import translate
from tests.data.folders import write_drive

TINY = DepthNetConfig(width=8)
STILL = LoopSettings(
    steps=1, batch_size=2, learning_rate=1e-12, log_every=1, checkpoint_every=1, precision="fp32",
    device="cpu", trackers=(),
)  # fmt: skip
CONFIG = StudentConfig(
    mix={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0}, start_from="teacher", ordinal_weight=0.0, loop=STILL
)


OF_ROBOTCAR = Normalisation(
    mean=(0.5758,) * 3, std=(0.3190,) * 3, night_mean=(0.2471,) * 3, night_std=(0.2627,) * 3
)


def changed(**values: object) -> StudentConfig:
    return CONFIG.model_copy(update=values)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Footage, its translations into night, and a teacher's run folder."""
    folder = tmp_path_factory.mktemp("student")
    data = write_drive(folder / "data", count=3)
    metres = Metres(source="camera height", scale=0.8, spread=0.03, frames=200)
    card = CheckpointCard(network=TINY, input_size=(64, 64), metres=metres)
    save_checkpoint(folder / "teacher" / "model.safetensors", DepthNet(TINY, 15.0), card)
    settings = TranslateSettings(conditions=(Condition.NIGHT,))
    depth = TeacherDepth(folder / "teacher")
    translate(open_data(data), folder / "translations", SimulatedWeather(), depth, settings)
    return data, folder / "translations", folder / "teacher"


def test_a_student_starts_from_its_teacher_and_says_what_it_saw(taught, tmp_path):
    data, translations, teacher = taught
    path = train_student(CONFIG, data, translations, teacher, None, tmp_path)
    (student, card), (source, of_teacher) = (
        load_checkpoint(one) for one in (path, teacher / "model.safetensors")
    )
    assert of_teacher.metres and card.metres == of_teacher.metres.handed_on()
    assert card.conditions == (Condition.CLEAR, Condition.NIGHT)
    assert card.made_by["config"] == CONFIG.to_dict()
    weight = student.decoder.heads[0].weight
    torch.testing.assert_close(weight, source.decoder.heads[0].weight)


def test_a_student_starts_from_an_encoder(taught, tmp_path):
    data, translations, teacher = taught
    source = DepthNet(TINY)
    save_encoder(tmp_path / "encoder.safetensors", source, "", {}, half=False)
    config = changed(start_from="encoder", encoder=tmp_path / "encoder.safetensors")
    student, _ = load_checkpoint(train_student(config, data, translations, teacher, None, tmp_path / "run"))
    torch.testing.assert_close(student.encoder.conv1.weight, source.encoder.conv1.weight)
    taught_by, _ = load_checkpoint(teacher / "model.safetensors")
    assert not torch.equal(student.decoder.heads[0].weight, taught_by.decoder.heads[0].weight)


@pytest.mark.parametrize("fed", ["own", "student"])
def test_a_student_may_be_normalised_otherwise_than_its_teacher(taught, tmp_path, monkeypatch, fed):
    """As on RobotCar in the published code, which feeds its teacher so too; in the card, day and night."""
    data, translations, teacher = taught
    seen, told = set(), DepthNet.normalised

    def remember(network, image, night=None):
        seen.add((network.config.mean, night is not None))
        return told(network, image, night)

    monkeypatch.setattr(DepthNet, "normalised", remember)
    config = changed(start_from="scratch", normalisation=OF_ROBOTCAR, teacher_normalisation=fed)
    path = train_student(config, data, translations, teacher, None, tmp_path)
    assert seen == {((TINY if fed == "own" else OF_ROBOTCAR).mean, False), (OF_ROBOTCAR.mean, True)}
    network, card = load_checkpoint(path)
    assert card.network == TINY.model_copy(update=dict(OF_ROBOTCAR))
    image, night = torch.full((2, 3, 64, 64), 0.3), torch.tensor([False, True])
    found = network.normalised(image, night).mean((1, 2, 3)).tolist()
    assert found == pytest.approx([(0.3 - 0.5758) / 0.3190, (0.3 - 0.2471) / 0.2627], rel=1e-4)


def test_a_start_from_the_teacher_with_another_normalisation_is_refused(taught, tmp_path):
    data, translations, teacher = taught
    with pytest.raises(UserError, match=r"normalisation is not what its weights learnt with; leave"):
        train_student(changed(normalisation=OF_ROBOTCAR), data, translations, teacher, None, tmp_path)
    assert not any(tmp_path.iterdir())
    same = changed(normalisation=Normalisation(mean=TINY.mean, std=TINY.std))
    assert (
        load_checkpoint(train_student(same, data, translations, teacher, None, tmp_path))[1].network == TINY
    )


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("own", (Preprocessing().mean, Preprocessing().std)),
        ("teacher", ((0.4130,) * 3, (0.2093,) * 3)),
        ("student", ((0.5758,) * 3, (0.3190,) * 3)),
    ],
)
def test_the_prior_is_normalised_as_settings_say(option, expected):
    teacher = TINY.model_copy(update={"mean": (0.4130,) * 3, "std": (0.2093,) * 3})
    config = changed(
        ordinal_weight=0.01, start_from="scratch", normalisation=OF_ROBOTCAR, prior_normalisation=option
    )
    prior = open_prior(config, Path("shipped"), teacher)
    assert prior is not None and (prior.preprocessing.mean, prior.preprocessing.std) == expected


@pytest.mark.parametrize(("option", "size"), [("own", None), ((322, 574), (322, 574))])
def test_the_prior_sees_images_at_a_size_of_settings_only_where_they_say_one(option, size):
    prior = open_prior(changed(ordinal_weight=0.01, prior_size=option), Path("shipped"), TINY)
    assert prior is not None and prior.preprocessing.size == size


def test_another_prior_of_the_hub_is_another_run_and_the_card_names_it(taught, tmp_path, monkeypatch):
    """Nothing is downloaded: both names give the prior that ships."""
    monkeypatch.setattr("acdepth.core.hub.hub_folder", lambda name, files: Path("snapshots/0123"))
    data, translations, teacher = taught
    prior = DepthAnythingPrior.from_pretrained(PRIOR)
    monkeypatch.setattr(DepthAnythingPrior, "from_pretrained", lambda source: prior)
    config, small = changed(ordinal_weight=0.01), Path("depth-anything/Small")
    path = train_student(config, data, translations, teacher, small, tmp_path)
    assert load_checkpoint(path)[1].made_by["prior"] == content_of(small)
    with pytest.raises(UserError, match="other settings or data"):
        train_student(config, data, translations, teacher, Path("depth-anything/Base"), tmp_path)


def test_a_student_sees_images_as_its_teacher_did(taught, tmp_path):
    data, translations, teacher = taught
    network, card = load_checkpoint(teacher / "model.safetensors")
    sharp = tmp_path / "teacher" / "model.safetensors"
    save_checkpoint(sharp, network, card.model_copy(update={"resize": "lanczos"}))
    for source, resize in ((teacher, "area"), (sharp, "lanczos")):
        run = tmp_path / resize
        _, told = load_checkpoint(train_student(CONFIG, data, translations, source, None, run))
        seen = [Prepared.open(run / "prepared" / name).resize for name in ("clear", "night")]
        assert [told.resize, *seen] == [resize] * 3


def test_frames_at_the_ends_of_a_drive_are_learnt_from_unless_left_out(taught, tmp_path):
    data, (_, _, teacher) = write_drive(tmp_path / "data", count=2), taught
    clear_only = {"mix": {Condition.CLEAR: 1.0}}
    train_student(changed(**clear_only), data, None, teacher, None, tmp_path / "run")
    published = changed(**clear_only, scene_ends=False)
    with pytest.raises(UserError, match=r"all 2 frames are slower than 0\.5 m/s or ends of a drive"):
        train_student(published, data, None, teacher, None, tmp_path / "published")


def test_a_control_needs_no_translations(taught, tmp_path):
    data, _, teacher = taught
    config = changed(mix={Condition.CLEAR: 1.0})
    _, card = load_checkpoint(train_student(config, data, None, teacher, None, tmp_path))
    assert card.conditions == (Condition.CLEAR,)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ordinal_weight": 0.01}, "L_r needs a prior"),
        ({"mix": {Condition.CLEAR: 1.0, Condition.FOG: 1.0}}, "has no fog translation of"),
        ({"start_from": "encoder"}, "student.encoder is not set"),
    ],
)
def test_what_is_missing_is_named(taught, tmp_path, values, message):
    data, translations, teacher = taught
    with pytest.raises(UserError, match=message):
        train_student(changed(**values), data, translations, teacher, None, tmp_path)


def test_a_mix_without_translations(taught, tmp_path):
    data, _, teacher = taught
    with pytest.raises(UserError, match="the mix has night; give --translations"):
        train_student(CONFIG, data, None, teacher, None, tmp_path)


def test_a_refused_run_leaves_the_folder_as_it_is(taught, tmp_path):
    data, translations, teacher = taught
    train_student(CONFIG, data, translations, teacher, None, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="other settings or data"):
        train_student(changed(distillation_error="log"), data, translations, teacher, None, tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
