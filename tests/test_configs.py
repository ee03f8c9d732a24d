"""Every settings file that ships is understood by the settings it is for."""

from pathlib import Path

import pytest

from acdepth.core.identity import Identity
from acdepth.core.presets import CONFIGS
from acdepth.networks.published import DATA_SETS
from acdepth.pretrain.generator import GeneratorConfig
from acdepth.pretrain.settings import DepthConfig, EncoderConfig, PriorConfig
from acdepth.recipes.ablation import AblationConfig
from acdepth.recipes.demo import DemoConfig
from acdepth.recipes.fit.settings import FitConfig
from acdepth.recipes.reproduce import ReproduceConfig
from acdepth.student.adapt.settings import AdaptConfig
from acdepth.student.confidence.settings import ConfidenceConfig
from acdepth.student.settings import StudentConfig
from acdepth.student.training import student_network
from acdepth.teacher.settings import TeacherConfig
from acdepth.translator.settings import TranslatorConfig

KINDS = {
    "teacher": TeacherConfig,
    "student": StudentConfig,
    "adapt": AdaptConfig,
    "confidence": ConfidenceConfig,
    "translator": TranslatorConfig,
    "demo": DemoConfig,
    "fit": FitConfig,
    "reproduce": ReproduceConfig,
    "ablate": AblationConfig,
}
PRETRAIN = {
    "depth": DepthConfig,
    "depth-small": DepthConfig,
    "encoder": EncoderConfig,
    "generator": GeneratorConfig,
    "prior": PriorConfig,
}
OF_ROBOTCAR = {
    "ordinal": {"window": 1},
    "min_speed": None,
    "scene_ends": True,
    "augmentation": {"noise_probability": 0.0, "noise_first": False},
    "normalisation": {
        "mean": [0.5758] * 3,
        "std": [0.3190] * 3,
        "night_mean": [0.2471] * 3,
        "night_std": [0.2627] * 3,
    },
}
"""What the published code does on RobotCar and not on nuScenes: single pixels instead of 5x5 windows, no
noise, a student that is normalised otherwise than its teacher, which has nuScenes' numbers, and no filter of
slow frames."""
FILES = sorted(CONFIGS.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_is_read(path: Path) -> None:
    kind = PRETRAIN[path.stem] if path.parent.name == "pretrain" else KINDS[path.parent.name]
    kind = DemoConfig if path.parts[-2:] == ("reproduce", "world.yaml") else kind
    settings = kind.read(path)
    assert kind.from_dict(settings.to_dict(), where="again") == settings


def test_there_are_settings_for_each_stage() -> None:
    assert {path.parent.name for path in FILES} == {*KINDS, "pretrain"}


def test_the_worlds_ablation_varies_the_demos_student() -> None:
    config = AblationConfig.read(CONFIGS / "ablate" / "world.yaml")
    base = DemoConfig.read(CONFIGS / "demo" / "world.yaml").student
    students = config.students(base)
    assert students[config.base] == base and len(students) == len(config.variants)


WAY = ["resize", "translate_size", "adapt_whole", "skip_start", "clamp", "adversary", "adversarial_levels"]
WAY += ["discriminator_augmentation", "updates", "averaging", "earlier_translations"]
"""Of the translator's settings: how it learns, whatever the footage."""


@pytest.mark.parametrize("name", ["nuscenes", "robotcar", "acdc", "own"])
def test_translators_of_real_footage_learn_the_published_way(name):
    config, published = TranslatorConfig.read(CONFIGS / "translator" / f"{name}.yaml"), TranslatorConfig()
    assert config.loop == published.loop
    assert all(getattr(config, one) == getattr(published, one) for one in WAY)


def test_the_worlds_translators_learn_our_way():
    """As the adapters that ship did."""
    train = TranslatorConfig.read(CONFIGS / "translator" / "world.yaml")
    demo = DemoConfig.read(CONFIGS / "demo" / "world.yaml").translator
    assert demo is not None
    expected = ["area", "source", False, 0.0, False, "squares", "mean", (), "together", 0.99, 50]
    assert [getattr(train, one) for one in WAY] == expected
    assert all(getattr(demo, one) == getattr(train, one) for one in WAY)
    assert all((one.loop.weight_decay, one.loop.precision) == (0.0, "auto") for one in (train, demo))


OPTIONS_SINCE = ["resize", "translate_size", "adapt_whole", "skip_start", "clamp", "adversarial_levels"]
OPTIONS_SINCE += ["discriminator_augmentation", "updates"]
"""What a run of the translator did not know before it could learn the published way."""


def test_a_translators_run_from_before_the_published_way_is_one_of_the_worlds_and_not_of_it():
    world = Identity.of(TranslatorConfig.read(CONFIGS / "translator" / "world.yaml"))
    demo = DemoConfig.read(CONFIGS / "demo" / "world.yaml").translator
    assert demo is not None
    for now in (world, Identity.of(demo)):
        assert now.changes(_before_the_options(now)) == {}
    published = Identity.of(TranslatorConfig())
    changes = published.changes(_before_the_options(published))
    assert sorted(changes) == sorted(OPTIONS_SINCE)
    assert changes["updates"] == "together → apart"


def _before_the_options(identity: Identity) -> dict[str, object]:
    return {name: value for name, value in identity.values.items() if name not in OPTIONS_SINCE}


def test_a_translators_loop_given_in_part_keeps_the_published_one():
    loop = TranslatorConfig.from_dict({"loop": {"steps": 10}}, "").loop
    assert loop == TranslatorConfig().loop.model_copy(update={"steps": 10})


@pytest.mark.parametrize("data_set", ["nuscenes", "robotcar"])
def test_the_published_students_settings_are_the_published_preset(data_set):
    paper = StudentConfig.read(CONFIGS / "student" / f"{data_set}.yaml")
    published = StudentConfig.read(CONFIGS / "student" / f"{data_set}-published.yaml")
    assert published == paper.published().with_changes(OF_ROBOTCAR if data_set == "robotcar" else {}, "")
    # L_c is there in epochs, counted from 0, that exceed 15, on RobotCar 5
    assert published.consistency_start == (16 / 25 if data_set == "nuscenes" else 6 / 25)


def test_the_published_students_are_normalised_as_imported_checkpoints_are():
    for data_set, card in DATA_SETS.items():
        settings = (
            CONFIGS / "student" / f"{data_set}-published.yaml",
            CONFIGS / "teacher" / f"{data_set}-published.yaml",
        )
        student, teacher = StudentConfig.read(settings[0]), TeacherConfig.read(settings[1])
        assert student_network(student, teacher.network) == card.network


@pytest.mark.parametrize("data_set", ["nuscenes", "robotcar"])
def test_the_published_teachers_settings_are_the_published_preset(data_set):
    paper = TeacherConfig.read(CONFIGS / "teacher" / f"{data_set}.yaml")
    published = TeacherConfig.read(CONFIGS / "teacher" / f"{data_set}-published.yaml")
    # RobotCar's teacher has nuScenes' normalisation, because its published settings name none.
    card, loop = DATA_SETS["nuscenes"], {"learning_rate": 5e-4, "decay_at": (0.6,), "decay_factor": 0.1}
    loop |= {"steps": published.loop.steps, "precision": "fp32", "gradient_clip": None}
    changes = {"network": card.network, "loop": paper.loop.model_copy(update=loop)}
    changes |= {"jitter_inputs": "depth", "min_speed": None} if data_set == "robotcar" else {}
    assert published == paper.published().model_copy(update=changes)
    assert published.pose_rate * published.loop.learning_rate == pytest.approx(2e-4)
    assert published.image_size == DATA_SETS[data_set].input_size
