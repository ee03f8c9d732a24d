"""What mutmut would change in a file."""

import ast
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

SAYS = {"UserError", "warn", "print", "tell", "say"}
"""Who calls these only says something to people."""


class Change(NamedTuple):
    """One mutant."""

    name: str
    """As mutmut calls it; the number at its end moves when the function changes."""
    place: str
    """Module and function."""
    before: str
    """The line that differs, as `ast.unparse` writes it."""
    after: str


def changes_of(path: Path) -> list[Change]:
    """The mutants of a file (its path below the project), without those of words for people.

    Words are what is raised or told, and any text of more than one word.
    """
    mutated = mutate_file_contents(str(path), path.read_text("utf-8"))
    functions = {
        node.name: node for node in ast.walk(ast.parse(mutated.code)) if isinstance(node, ast.FunctionDef)
    }
    found = []
    for name in mutated.mutant_names:
        stem = name.partition("__mutmut_")[0]
        original, mutant = functions[f"{stem}__mutmut_orig"], functions[name]
        original.name = mutant.name = stem.replace("xǁ", "").replace("ǁ", ".").removeprefix("x_")
        if not _for_people(original, mutant):
            place = get_mutant_name(path, mutant.name)
            found.append(Change(get_mutant_name(path, name), place, *_lines(original, mutant)))
    return found


def _for_people(one: ast.AST, other: ast.AST) -> bool:
    """Whether the smallest node that differs is, or lies within, words."""
    if isinstance(one, ast.Raise | ast.JoinedStr) or _called(one) in SAYS:
        return True
    if isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value.strip():
        return True
    if type(one) is not type(other):
        return False
    parts = list(ast.iter_child_nodes(one)), list(ast.iter_child_nodes(other))
    if len(parts[0]) != len(parts[1]):
        return False
    unequal = [pair for pair in zip(*parts, strict=True) if ast.dump(pair[0]) != ast.dump(pair[1])]
    return len(unequal) == 1 and _for_people(*unequal[0])


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)


def _lines(original: ast.AST, mutant: ast.AST) -> tuple[str, str]:
    texts = [ast.unparse(node).splitlines() for node in (original, mutant)]
    common = [0, 0]
    for index, way in enumerate((1, -1)):
        for a, b in zip(texts[0][::way], texts[1][::way], strict=False):
            if a != b:
                break
            common[index] += 1
    first, last = common
    before, after = (" ".join(line.strip() for line in text[first : len(text) - last]) for text in texts)
    return before, after
