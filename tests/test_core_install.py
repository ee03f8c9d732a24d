"""The core install predicts: verbs that need no training must not import what the train extra brings."""

import subprocess
import sys

import pytest

EXTRAS = ("accelerate", "jinja2", "tensorboard", "transformers")


@pytest.mark.parametrize("module", ["predict", "world", "doctor", "import_weights", "main", "rate"])
def test_a_verb_of_the_core_install_imports_no_extra(module: str) -> None:
    code = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r})); import acdepth.cli.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
