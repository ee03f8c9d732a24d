"""The core install predicts: verbs that need no training must not import what the train extra brings."""

import subprocess
import sys

import pytest

EXTRAS = (
    "accelerate",
    "huggingface_hub",
    "jinja2",
    "nncf",
    "onnxruntime",
    "openvino",
    "tensorboard",
    "transformers",
)


@pytest.mark.parametrize(
    "verb",
    [
        "predict",
        "calibrate",
        "world make",
        "world export",
        "world sheet",
        "doctor",
        "import",
        "rate",
        "rate summary",
    ],
)
def test_a_verb_of_the_core_install_imports_no_extra(verb: str) -> None:
    robots = ("mcap", "rerun", "rosbags")
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({EXTRAS + robots!r}))\n"
        f"from acdepth.cli.main import VERBS; VERBS[{verb!r}].load_work()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
