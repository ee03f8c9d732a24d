"""A lesson through another lens: the same street, other metres for the network, nothing beyond the edge."""

import pytest
import torch
from torch.nn import functional as F

from acdepth.core.seeding import make_generator
from acdepth.data.augment import AugmentSettings
from acdepth.data.zoom import Zoom, ZoomSettings
from acdepth.student.task import learn_inside, zoom_lesson
from tests.student.test_task import batch, network, task, terms

PLAIN = AugmentSettings(jitter=0, hue=0, noise_probability=0)
TWICE = ZoomSettings(probability=1, focal_range=(2, 2), wander=0)


def middle_twice(image: torch.Tensor) -> torch.Tensor:
    """The middle half, enlarged; a slow twin that knows no grids. Its border is interpolated otherwise."""
    rows, columns = image.shape[-2] // 4, image.shape[-1] // 4
    half = image[..., rows:-rows, columns:-columns]
    return F.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)


def test_the_lesson_is_the_teachers_depth_of_the_whole_image_cut_and_halved() -> None:
    teacher = network(1).eval()
    with torch.no_grad():
        taught = teacher(batch().clear)
    zoom = Zoom(torch.full((2,), 2.0), torch.zeros(2, 2))
    windows, lesson = zoom_lesson(zoom, batch(), taught.inverse_depths, teacher.config)
    within = (..., slice(1, -1), slice(1, -1))
    for seen, whole in ((windows.clear, batch().clear), (windows.mixed, batch().mixed)):
        torch.testing.assert_close(seen[within], middle_twice(whole)[within], rtol=0, atol=1e-5)
    for scale, before in zip(lesson, taught.inverse_depths, strict=True):
        torch.testing.assert_close(scale[within], 2 * middle_twice(before)[within], rtol=1e-4, atol=1e-5)
    assert torch.equal(windows.condition, batch().condition)


def test_beyond_the_edge_nothing_is_learnt() -> None:
    zoom = Zoom(torch.full((2,), 0.5), torch.zeros(2, 2))
    student, teacher = network(0)(batch().clear), network(1)(batch().clear)
    said = learn_inside(zoom, student, teacher.inverse_depths)
    for now, own, lesson in zip(
        said.inverse_depths, student.inverse_depths, teacher.inverse_depths, strict=True
    ):
        rows, columns = now.shape[-2] // 4, now.shape[-1] // 4
        inner = (..., slice(rows, -rows), slice(columns, -columns))
        assert torch.equal(now[inner], own[inner])
        same = now == lesson
        same[inner] = True
        assert same.all() and not torch.equal(now, lesson)


def test_the_task_learns_through_lenses_and_draws_nothing_without_them() -> None:
    plain = terms(augmentation=PLAIN)
    zoomed = terms(augmentation=PLAIN, zoom=TWICE)
    assert set(zoomed) == set(plain) and all(term.isfinite() for term in zoomed.values())
    assert not torch.isclose(zoomed["distillation"], plain["distillation"])
    assert terms(zoom=ZoomSettings(focal_range=(2, 2)))["ordinal"] == terms()["ordinal"]
    learning = task(zoom=ZoomSettings(probability=1))
    torch.stack([*learning(batch(), make_generator(0), 1.0).values()]).sum().backward()
    assert all(parameter.grad is not None for parameter in learning.parameters())
    teacher, _ = learning.teachers
    assert teacher is not None and all(parameter.grad is None for parameter in teacher.parameters())


@pytest.mark.parametrize("factor", [1.25, 2.0])
def test_a_student_that_obeys_the_focal_ratio_has_nothing_to_learn(factor: float) -> None:
    """A teacher that says 20 m of everything: through the lens the right answer is 20 m / factor."""
    learning = task(
        ordinal_weight=0.0,
        consistency_weight=0.0,
        augmentation=PLAIN,
        zoom=ZoomSettings(probability=1, focal_range=(factor, factor)),
    )
    teacher, _ = learning.teachers
    assert teacher is not None
    for net, metres in ((teacher, 20.0), (learning.student, 20.0 / factor)):
        net.eval()
        for name, parameter in net.decoder.named_parameters():
            if parameter.shape[0] == 1:  # the layers that say inverse depth
                says = (1 / metres - 1 / 80) / (10 - 1 / 80)
                value = torch.logit(torch.tensor(says)).item() if name.endswith("bias") else 0.0
                torch.nn.init.constant_(parameter, value)
    loss = learning(batch(), make_generator(0), 0.0)["distillation"]
    assert loss.item() == pytest.approx(0.0, abs=1e-4)
