"""``acdepth train``: one verb per stage; flags and YAML come from the same settings."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.cli.flags import configured
from acdepth.core.files import read_object
from acdepth.core.progress import say
from acdepth.core.shipped import SHIPPED
from acdepth.student.adapt.settings import AdaptConfig
from acdepth.student.confidence.settings import ConfidenceConfig
from acdepth.student.settings import StudentConfig
from acdepth.teacher.settings import TeacherConfig
from acdepth.translator.settings import TranslatorConfig


@configured("teacher", TeacherConfig())
def teacher(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[TeacherConfig, tyro.conf.arg(name="")],
    out: Path,
) -> None:
    """Learn depth from clear video, without measured depth.

    Args:
        data: footage with cameras: sequence folders, videos, KITTI drives. Speeds, poses or the camera's
            height above the road make the depth metric.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
    """
    from acdepth.networks.metres import Metres
    from acdepth.teacher.metres import METRES_FILE
    from acdepth.teacher.training import MOTION_FILE, train_teacher

    path = train_teacher(config, data, out)
    for clip, length in read_object(out / MOTION_FILE).items():
        print(
            f"{clip}: predicted motion {length['predicted']:.3f} m a frame, measured "
            f"{length['measured']:.3f} m, median error {length['error']:.1%} ({length['pairs']} pairs)"
        )
    metres = Metres.from_dict(read_object(out / METRES_FILE)["metres"], str(out / METRES_FILE))
    print(f"metres are {metres.describe()}")
    print(path)


@configured("student", StudentConfig())
def student(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[StudentConfig, tyro.conf.arg(name="")],
    out: Path,
    teacher: Path,
    translations: Path | None = None,
    prior: Path | None = Path("shipped"),
) -> None:
    """Learn depth that holds in bad weather from the teacher, on clear frames and their translations.

    Args:
        data: the clear footage that was translated.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        teacher: its run folder or checkpoint, or hf:NAME, a depth model of transformers by folder or name of
            the hub, which needs no video to learn from; docs/footage.md, Another teacher.
        translations: folder that acdepth translate wrote.
        prior: folder of a Depth Anything model; the tiny shipped one by default.
    """
    from acdepth.student.training import train_student

    if prior == SHIPPED and config.ordinal_weight > 0:
        say("using the prior that ships, which knows the built-in world only; for real footage give --prior")
    print(train_student(config, data, translations, teacher, prior, out))


@configured("adapt", AdaptConfig())
def adapt(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[AdaptConfig, tyro.conf.arg(name="")],
    out: Path,
    teacher: Path,
    student: Path = Path("shipped"),
    adverse: tuple[Path, ...] = (),
    translations: Path | None = None,
    prior: Path = Path("shipped"),
) -> None:
    """Fit a trained student to real adverse footage, of which nothing but the images is needed.

    Args:
        data: clear footage, which holds the student to what it knows.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        teacher: run folder or checkpoint of the student's teacher; with photometric_weight a run folder.
        student: run folder or checkpoint to start from; the small one that ships by default.
        adverse: footage of night, rain, fog or snow, without depth, poses or labels; photometric_weight needs
            video with its camera.
        translations: folder that acdepth translate made of data.
        prior: folder of a Depth Anything model; the tiny shipped one by default.
    """
    from acdepth.student.adapt.training import train_adapted

    print(train_adapted(config, data, adverse, translations, student, teacher, prior, out))


@configured("confidence", ConfidenceConfig())
def confidence(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[ConfidenceConfig, tyro.conf.arg(name="")],
    out: Path,
    teacher: Path,
    student: Path = Path("shipped"),
    translations: Path | None = None,
) -> None:
    """Learn beside a finished student how far its depth may be off; the student stays as it is.

    Args:
        data: clear footage, best of drives that the student did not learn on.
        config: the settings.
        out: run folder; its model.safetensors is the student with the head. The same command goes on where it
            was stopped.
        teacher: run folder or checkpoint of a teacher.
        student: run folder or checkpoint; the small one that ships by default.
        translations: folder that acdepth translate made of data.
    """
    from acdepth.student.confidence.training import train_confidence

    print(train_confidence(config, data, translations, student, teacher, out))


@configured("translator", TranslatorConfig())
def translator(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[TranslatorConfig, tyro.conf.arg(name="")],
    out: Path,
    adverse: tuple[Path, ...] = (),
    start: Path | None = None,
    prior: Path = Path("shipped"),
    description: str = "",
) -> None:
    """Learn to turn clear images into night, rain, fog or snow, from footage that shows no pairs.

    Args:
        data: footage with clear frames.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        adverse: footage with adverse frames; data itself by default.
        start: adapters to train on from, as a run folder's adapters/.
        prior: Depth Anything model, for perceptual distance and depth consistency; shipped by default.
        description: what the translator's card says it was trained on.
    """
    from acdepth.translator.training import train_translator

    print(train_translator(config, data, adverse, prior, out, start, description))
