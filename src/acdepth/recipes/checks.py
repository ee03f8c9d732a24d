"""What can be known to fail before any work begins."""

from pathlib import Path
from typing import Literal

from acdepth.core.errors import UserError
from acdepth.core.shipped import PRIOR, or_shipped
from acdepth.data.nuscenes.scenes import VERSIONS, is_nuscenes
from acdepth.data.robotcar.scenes import is_robotcar
from acdepth.diffusion.model import check_model_folder, model_folder
from acdepth.networks.checkpoint import load_checkpoint, load_encoder
from acdepth.networks.depth_net import DepthNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.recipes.learning_config import LearningConfig
from acdepth.recipes.method_config import MethodConfig
from acdepth.student.training import starting_encoder, student_network
from acdepth.teacher.start import first_encoder, start_file
from acdepth.translator.adapters import load_card
from acdepth.translator.training import check_start, make_discriminator

RecordedDataSet = Literal["nuscenes", "robotcar"]


def check_networks(config: LearningConfig) -> None:
    """Load every network that training starts from or learns by.

    Raises:
        UserError: naming the first that is missing, damaged or of another kind.
    """
    teacher, student = config.teacher, config.student
    student_network(student, teacher.network)
    if start := start_file(teacher):
        load_checkpoint(start)
    encoders = {first_encoder(teacher), starting_encoder(student)}
    for encoder in filter(None, encoders):
        load_encoder(DepthNet(teacher.network).encoder, encoder)
    if config.method == "diffusion":
        _check_translator(config)
    if student.ordinal_weight > 0 or config.trains_translator:
        DepthAnythingPrior.from_pretrained(or_shipped(config.prior, PRIOR))


def _check_translator(config: LearningConfig) -> None:
    if config.translator is not None:
        check_model_folder(model_folder(config.translator.base))
        if config.adapters_folder:
            check_start(config.translator, config.adapters_folder)
        make_discriminator(config.translator)
    elif config.adapters_folder:
        card = load_card(config.adapters_folder)
        lacking = sorted(set(config.translated) - set(card.conditions))
        if lacking:
            raise UserError(config.adapters, f"have not learned {', '.join(lacking)}", "take others")
        check_model_folder(model_folder(Path(card.base)))


def check_root(data_set: RecordedDataSet, root: Path, config: MethodConfig) -> None:
    """Raise `UserError` if ``root`` is not laid out as the data set is, or the settings choose no part."""
    if not root.is_dir():
        raise UserError(root, "no such folder", "--root is the data set's own folder")
    if data_set == "nuscenes":
        versions = sorted(set(VERSIONS.values()))
        if not is_nuscenes(root):
            what = f"is not laid out as nuScenes, it has none of the folders {', '.join(versions)}"
            raise UserError(root, what, "--root is the folder that holds v1.0-trainval, samples and sweeps")
        _check_splits(config)
    elif not is_robotcar(root):
        lacks = "it lacks models/stereo_wide_left.txt or a folder SCENE/stereo/left"
        remedy = "--root is what md4all or acdepth data prepare makes of the raw download"
        raise UserError(root, f"is not laid out as RobotCar, {lacks}", remedy)


def _check_splits(config: MethodConfig) -> None:
    chosen = {
        "teacher": config.teacher.split,
        "student": config.student.split,
        "evaluation_footage": config.evaluation_footage.split,
    }
    for name, split in chosen.items():
        if split not in VERSIONS:
            remedy = f"for nuScenes choose from {', '.join(VERSIONS)}"
            raise UserError("settings", f"{name}.split is {split}", remedy)
