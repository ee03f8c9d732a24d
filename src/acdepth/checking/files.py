"""Every file of the footage is looked for, whether or not it is opened afterwards."""

from collections.abc import Sequence

from acdepth.checking.findings import Findings
from acdepth.checking.opening import WHOLE, Part
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.data.kitti import KittiRawClip
from acdepth.data.robotcar import RobotCarClip
from acdepth.data.stored import StoredClip


def find_images(clips: Sequence[Clip], findings: Findings) -> None:
    """Look for the image of every frame, without opening it."""
    stored = [one for one in clips if isinstance(one, StoredClip)]
    with progress("files", sum(map(len, stored)), unit="file") as advance:
        for clip in stored:
            for index in range(len(clip)):
                try:
                    clip.stamp(index)
                except UserError as error:
                    findings.file_fault(error)
                advance()


def find_clouds(parts: Sequence[Part], findings: Findings) -> None:
    """Look for RobotCar's cloud of every image that lists name, or of all images where there are no lists.

    Training needs no clouds, so a traversal that has none in a split is doubted; where some are there, a
    missing one is a fault. An image without a pose cannot have one.
    """
    for part in [part for part in parts if part.split != WHOLE] or parts:
        clips = [one for one in part.clips if isinstance(one, RobotCarClip)]
        for scene in dict.fromkeys(one.scene.name for one in clips):
            of_scene = [one for one in clips if one.scene.name == scene]
            files = [one.cloud_file(i) for one in of_scene for i in one.targets() if one.has_pose(i)]
            missing = [file for file in files if not file.exists()]
            if missing and len(missing) == len(files):
                told = f"{missing[0].parent}: has no cloud for split {part.split}"
                findings.doubt("depth", f"{told}; it can be trained on, and not measured")
            else:
                for file in missing:
                    findings.file_fault(UserError(file, "no such file", "prepare its scene again"))


def find_scans(clips: Sequence[Clip], findings: Findings) -> None:
    """Look for the scan of every image of KITTI's raw drives; the originals lack some, so this is a doubt."""
    for clip in clips:
        if isinstance(clip, KittiRawClip):
            files = [clip.scan_file(index) for index in clip.targets()]
            missing = [file for file in files if not file.exists()]
            if missing:
                told = f"{len(missing)} of {len(files)} images have no scan, such as {missing[0]}"
                findings.doubt("depth", f"{clip.name}: {told}; they are not measured")
