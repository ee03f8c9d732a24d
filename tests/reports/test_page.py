"""The page stands alone, shows what the files say, and refuses what they should not say."""

import base64
import json
import math
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from acdepth.cli.report import report
from acdepth.core.errors import UserError
from acdepth.reports.charts import Line, lines
from acdepth.reports.page import in_words, write_report
from acdepth.reports.pictures import error_colours, error_picture
from tests.reports.fake_run import write

VOID = {"meta", "img", "path", "rect", "use", "br", "link"}


class Page(HTMLParser):
    """Counts elements and notes those that are closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.crossed, self.found, self.images, self.text = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        if tag == "img":
            self.images.append(dict(attrs)["src"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data):
        self.text += data


PATH = r'<path d="([^"]*)"[^>]*stroke: var\(--{}\)[^>]*/>'


def drawn(text: str, colour: str) -> list[list[tuple[float, float]]]:
    """Points of the lines of a colour."""
    return [
        [(float(x), float(y)) for x, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path)]
        for path in re.findall(PATH.format(colour), text)
    ]


def decoded(uri: str) -> np.ndarray:
    content = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


def test_the_page_is_whole_and_stands_alone(run):
    path = write_report(run)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert path == run / "report.html" and not page.open and not page.crossed
    assert not re.search(r"https?://|<script|<link|@import|url\((?!#)", text)
    assert len(page.images) == 4 * 6
    for uri in page.images:
        assert uri.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
        assert decoded(uri).shape[:2] == (24, 40)
    assert page.found.count("svg") == 3 + 2 + 3 * 3  # bars, scatters, loss and two terms per training


def test_the_page_says_what_the_files_say(run):
    text = Page(write_report(run).read_text(encoding="utf-8")).text.replace("\xa0", " ")
    for words in (
        "A run & its <title>",
        "Night: student is more accurate than teacher, absRel lower by 41 %.",
        "Clear: no difference shown between student and teacher.",
        "condition unknown to the model",
        "<objects>",
        "lower in 5 of 5 frames",
        "One seed.",
        "1a2b3c4",
        "steps: 50",
        "5 min 12 s",
        "2 h 03 min",
        "town/night/worst",
        "a small student",
        "Checkpoint of student",
    ):
        assert words in text


def test_results_alone_make_a_page_that_says_what_is_missing(run):
    content = json.loads((run / "results.json").read_text()) | {"made_by": {"commit": "abc1234"}}
    bare = run / "bare"
    bare.mkdir()
    write(bare / "results.json", content)
    text = Page(write_report(bare).read_text(encoding="utf-8")).text
    assert "kept no example frames" in text and "left no run.json" in text and "abc1234" in text
    assert "Training" not in text and "Frame by frame" not in text


def test_the_verb_prints_the_table_and_the_path(run, capsys):
    report(run)
    out = capsys.readouterr().out
    assert "0.170" in out and "report.html" in out


def test_errors_are_coloured_by_size_and_left_out_where_not_scored():
    truth = np.array([[10, 10, 10, 0, 90, 79]] * 4, np.float32)
    depth = np.array([[10, 12.5, 40, 5, 90, 200]] * 4, np.float32)
    pixels = decoded(error_picture(depth, truth, 0.1, 80.0))
    assert list(pixels[0, :, 3]) == [255, 255, 255, 0, 0, 255]
    colours = error_colours()
    assert tuple(pixels[0, 0, 2::-1]) == tuple(colours[0])
    assert tuple(pixels[0, 1, 2::-1]) == tuple(colours[127])
    assert tuple(pixels[0, 2, 2::-1]) == tuple(colours[255])
    # 200 m is scored as the protocol's 80 m: an error of 1 / 79.
    assert tuple(pixels[0, 5, 2::-1]) == tuple(colours[int(255 * 2 / 79)])


def test_bars_of_a_model_without_one_pixel_in_d1_are_drawn(run):
    content = json.loads((run / "results.json").read_text())
    for model in content["models"].values():
        for cell in model.values():
            cell["d1"].update(mean=0, low=0, high=0)
    write(run / "results.json", content)
    assert Page(write_report(run).read_text(encoding="utf-8")).crossed == []


def test_a_curve_has_gaps_where_nothing_was_logged():
    chart = lines("loss", [Line([1, 2, 3, 4, 5], [1, 2, float("nan"), 2, 3], "base")])
    (path,) = re.findall(PATH.format("base"), chart)
    assert path.count("M") == 2 and path.count("L") == 2


@pytest.mark.parametrize(("seconds", "words"), [(59.4, "59 s"), (60, "1 min 00 s"), (3599.6, "1 h 00 min")])
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words


def rename(content, old, new):
    content["model_order"] = [new if name == old else name for name in content["model_order"]]
    content["models"][new] = content["models"].pop(old)


def damage(run, name, change):
    content = json.loads((run / name).read_text())
    change(content)
    write(run / name, content)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (
            "results.json",
            lambda c: c.pop("protocol"),
            "results.json: protocol is missing; run acdepth evaluate",
        ),
        ("results.json", lambda c: c["protocol"].pop("alignment"), "protocol: alignment is missing"),
        ("results.json", lambda c: c["models"].clear(), "results.json: holds no errors of depth"),
        ("results.json", lambda c: c["models"].pop("teacher"), "models lacks teacher of model_order"),
        (
            "results.json",
            lambda c: c["models"]["teacher"]["night"].pop("rmse"),
            "teacher.night.rmse is missing",
        ),
        (
            "results.json",
            lambda c: c["models"]["teacher"]["night"]["d1"].update(mean="x"),
            "d1.mean = 'x': Input",
        ),
        (
            "results.json",
            lambda c: c["models"]["teacher"]["night"]["d1"].update(mean=math.nan),
            "finite number",
        ),
        (
            "results.json",
            lambda c: c["models"]["teacher"].update(mist={}),
            "= 'mist': Input should be 'clear'",
        ),
        ("results.json", lambda c: c.update(format=2), "format = 2: this acdepth reads up to 1"),
        (
            "results.json",
            lambda c: rename(c, "student", "../../student"),
            "names '../../student', which is not",
        ),
        ("run.json", lambda c: c.pop("notes"), "run.json: notes is missing; run the same command again"),
        (
            "examples/index.json",
            lambda c: c[0].update(image="../../x.png"),
            "names '../../x.png', which is not",
        ),
        (
            "examples/index.json",
            lambda c: c[0].update(truth="/etc/hosts"),
            "names '/etc/hosts', which is not",
        ),
        ("examples/index.json", lambda c: c[0].pop("student_abs_rel"), "entry 1: student_abs_rel is missing"),
        ("examples/index.json", lambda c: c[0]["depth"].update(teacher="examples/no.npy"), "not in the run"),
    ],
)
def test_malformed_files_are_refused_in_one_line(run, name, change, words):
    damage(run, name, change)
    with pytest.raises(UserError) as caught:
        write_report(run)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not (run / "report.html").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("examples/night_best_truth.npy", "not readable as a NumPy array"),
        ("examples/night_best.png", "night_best.png"),
        ("student/log.jsonl", "log.jsonl"),
        ("frames.jsonl", "frames.jsonl"),
    ],
)
def test_files_of_garbage_are_refused(run, name, words):
    (run / name).write_bytes(b"garbage\n")
    with pytest.raises(UserError, match=words):
        write_report(run)


def test_depth_of_another_size_and_empty_truth_are_refused(run):
    np.save(run / "examples/night_best_teacher.npy", np.ones((3, 4), np.float16))
    with pytest.raises(UserError, match=r"\(3, 4\) depth beside \(24, 40\) truth"):
        write_report(run)
    for name in ("teacher", "truth"):
        np.save(run / f"examples/night_best_{name}.npy", np.zeros((24, 40), np.float16))
    with pytest.raises(UserError, match="no measured pixel"):
        write_report(run)


def test_a_missing_run_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"results\.json: no such file"):
        write_report(tmp_path / "nowhere")
