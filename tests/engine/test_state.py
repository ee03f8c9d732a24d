"""States: what stands in them, which stay, and that they come back as they were."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.engine.state import StateWriter, load_newest_state, refuse_other_run

IDENTITY = Identity({"b.steps": 10, "a": [1, "x"]})


def training(seed: int = 0) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network after three steps, with a frozen parameter and a buffer."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))
    net = net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    net[2].requires_grad_(False)
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, 0.1, fused=True)
    for _ in range(3):
        net(torch.randn(2, 3, 6, 6)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return net, optimizer


def saved(folder: Path, *steps: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    net, optimizer = training()
    with StateWriter(folder) as writer:
        for step in steps:
            writer.save(step, net, optimizer, IDENTITY, {})
    return net, optimizer


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_state_says_its_step_and_what_it_was_made_from_and_holds_what_learns(tmp_path: Path):
    net, _ = saved(tmp_path / "states", 7)
    assert names(tmp_path / "states") == ["step_0000007.safetensors"]
    with safe_open(tmp_path / "states" / "step_0000007.safetensors", "pt") as stored:
        assert {**stored.metadata(), "sha256": ""} == {
            "sha256": "",
            "step": "7",
            "made_from": '{"a": [1, "x"], "b.steps": 10}',
        }
        held = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    of_task = {name for name in net.state_dict() if not name.startswith("2.")}
    moments = {f"optimizer.{n}.{name}" for n in range(4) for name in ("step", "exp_avg", "exp_avg_sq")}
    assert held.keys() == {f"task.{name}" for name in of_task} | moments
    assert all(torch.equal(held[f"task.{name}"], net.state_dict()[name]) for name in of_task)


def test_the_two_newest_stay_and_what_claims_to_be_later_goes(tmp_path: Path):
    saved(tmp_path, 5, 10, 15)
    assert names(tmp_path) == ["step_0000010.safetensors", "step_0000015.safetensors"]
    (tmp_path / "step_0000099.safetensors").write_bytes(b"damaged")
    (tmp_path / "other").write_bytes(b"stays")
    saved(tmp_path, 20)
    assert names(tmp_path) == ["other", "step_0000015.safetensors", "step_0000020.safetensors"]


def test_weights_and_moments_come_back_in_the_layout_that_training_has(tmp_path: Path):
    assert load_newest_state(tmp_path, *training(1), IDENTITY).step == 0
    net, optimizer = saved(tmp_path, 5, 12)
    other, of_other = training(1)
    frozen = other.state_dict()["2.weight"].clone()
    assert load_newest_state(tmp_path, other, of_other, IDENTITY).step == 12
    for name, value in net.state_dict().items():
        assert (
            torch.equal(other.state_dict()[name], frozen if name == "2.weight" else value) or "2.bias" in name
        )
    for one, same in zip(optimizer.state.items(), of_other.state.items(), strict=True):
        for name, value in one[1].items():
            found = same[1][name]
            assert torch.equal(found, value) and found.stride() == value.stride()
            assert name == "step" or found.stride() == same[0].stride()
    assert len(of_other.state) == 4


def test_what_is_saved_is_what_was_when_it_was_asked_for(tmp_path: Path):
    net, optimizer = training()
    before = net[0].weight.detach().clone()
    with StateWriter(tmp_path) as writer:
        writer.save(1, net, optimizer, IDENTITY, {})
        with torch.no_grad():
            net[0].weight.zero_()
    other, of_other = training(1)
    load_newest_state(tmp_path, other, of_other, IDENTITY)
    assert torch.equal(other[0].weight, before)


@pytest.mark.parametrize("when", ["next", "wait", "exit"])
def test_a_state_that_could_not_be_written_is_told_at_the_next_or_the_end(tmp_path: Path, when: str):
    net, optimizer = training()
    (tmp_path / "file").write_text("")

    def work() -> None:
        with StateWriter(tmp_path / "file") as writer:
            writer.save(1, net, optimizer, IDENTITY, {})
            if when == "next":
                writer.save(2, net, optimizer, IDENTITY, {})
            if when == "wait":
                writer.wait()

    with pytest.raises(UserError, match="cannot write"):
        work()


def test_a_folder_of_another_run_is_refused_before_anything_is_written(tmp_path: Path):
    refuse_other_run(tmp_path, IDENTITY)
    saved(tmp_path / "checkpoints", 5)
    refuse_other_run(tmp_path, IDENTITY)
    longer = Identity({**IDENTITY.values, "b.steps": 20})
    with pytest.raises(UserError, match=r"b\.steps: 10 → 20\); --b\.extend goes on from its last state"):
        refuse_other_run(tmp_path, longer)
    refuse_other_run(tmp_path, longer, extend=True)
    for other in ({"b.steps": 5}, {"a": 1, "b.steps": 20}, {"c.steps": 1}):
        with pytest.raises(
            UserError, match=r"other settings or data \(.*; give another --out, or delete"
        ) as no:
            refuse_other_run(tmp_path, Identity({**IDENTITY.values, **other}), extend=True)
        assert str(tmp_path / "checkpoints") in str(no.value) and "extend" not in str(no.value)


def test_a_state_of_an_earlier_version_is_refused(tmp_path: Path):
    save_file({"task.a": torch.zeros(1)}, tmp_path / "step_0000005.safetensors", {"step": "5"})
    with pytest.raises(UserError, match="holds a run of an earlier version; give another --out, or delete"):
        load_newest_state(tmp_path, *training(), IDENTITY)
