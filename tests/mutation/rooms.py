"""The rooms that are mutated, and the tests that have to notice."""

from typing import NamedTuple


class Room(NamedTuple):
    """Files below ``src/acdepth`` and ``tests``, as glob patterns."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "losses": Room(
        (
            "geometry/motion.py",
            "geometry/photometric.py",
            "prior/losses.py",
            "student/losses.py",
            "student/ordinal.py",
            "teacher/losses.py",
            "translator/losses.py",
        ),
        (
            "geometry/test_motion_length.py",
            "geometry/test_photometric.py",
            "prior/test_losses.py",
            "student/test_losses.py",
            "student/test_ordinal.py",
            "teacher/test_losses.py",
            "translator/test_translator_losses.py",
        ),
    ),
    "metrics": Room(
        (
            "evaluation/bootstrap.py",
            "evaluation/edges.py",
            "evaluation/metrics.py",
            "evaluation/ordinal.py",
            "evaluation/sparsification.py",
        ),
        (
            "evaluation/test_bootstrap.py",
            "evaluation/test_edges.py",
            "evaluation/test_metrics.py",
            "evaluation/test_ordinal.py",
            "evaluation/test_sparsification.py",
        ),
    ),
    "protocols": Room(
        (
            "evaluation/frames.py",
            "evaluation/measured.py",
            "evaluation/protocols.py",
            "evaluation/results.py",
        ),
        (
            "evaluation/test_any_camera.py",
            "evaluation/test_edges.py",
            "evaluation/test_evaluate.py",
            "evaluation/test_frames.py",
            "evaluation/test_protocols.py",
            "evaluation/test_results.py",
            "evaluation/test_sparsification.py",
            "evaluation/test_stored.py",
        ),
    ),
    "geometry": Room(
        (
            "geometry/flow_motion.py",
            "geometry/ground.py",
            "geometry/reflection.py",
            "geometry/resection.py",
            "geometry/triangulate.py",
            "geometry/warp.py",
        ),
        ("geometry/*.py",),
    ),
    "resume": Room(
        ("core/files.py", "core/identity.py", "engine/loop.py", "engine/state.py", "pipeline/stages.py"),
        (
            "core/test_f*.py",
            "core/test_i*.py",
            "core/test_lock.py",
            "engine/test_fault.py",
            "engine/test_gradients.py",
            "engine/test_log.py",
            "engine/test_loop.py",
            "engine/test_resume.py",
            "engine/test_state.py",
            "engine/test_turns.py",
            "pipeline/*.py",
        ),
    ),
    "readers": Room(
        (
            "core/images.py",
            "data/kitti/*.py",
            "data/manifest.py",
            "data/nuscenes/*.py",
            "data/own/cameras.py",
            "data/robotcar/*.py",
        ),
        (
            "core/test_images.py",
            "data/own/test_cameras.py",
            "data/test_kitti*.py",
            "data/test_manifest.py",
            "data/test_nuscenes*.py",
            "data/test_robotcar*.py",
        ),
    ),
}
