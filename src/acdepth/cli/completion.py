"""``acdepth completion``: a script by which the shell completes verbs and flags."""

from typing import Annotated, Literal

import tyro

from acdepth.cli.flags import flag_names
from acdepth.cli.main import VERBS

BASH = """\
_acdepth() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verbs= flags=
  case " ${{COMP_WORDS[*]:1:COMP_CWORD-1}} " in
{cases}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$verbs" -- "$word")) ;;
  esac
}}
complete -o default -F _acdepth acdepth
"""
ZSH = """\
_acdepth() {{
  local verbs= flags=
  case " ${{(j: :)words[2,CURRENT-1]}} " in
{cases}
  esac
  case ${{words[CURRENT]}} in
    -*) compadd -- ${{=flags}} ;;
    *) compadd -- ${{=verbs}} || _default ;;
  esac
}}
(( $+functions[compdef] )) || {{ autoload -U compinit && compinit; }}
compdef _acdepth acdepth
"""
SH_CASE = '    " {typed}"*) verbs="{verbs}" flags="{flags}" ;;'
FISH = """\
function __acdepth
  switch (string join " " (commandline -opc)[2..])" "
{cases}
  end
end
complete -c acdepth -a "(__acdepth)"
"""
FISH_CASE = '    case "{typed}*"\n      string split " " -- "{verbs} {flags}"'


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], tyro.conf.Positional]) -> None:
    """Print a script that makes the shell complete verbs and flags; values are completed as files.

    The script holds all of them, so keep it in a file and write it anew after an update:

    bash: acdepth completion bash > ~/.acdepth.bash; in ~/.bashrc: source ~/.acdepth.bash

    zsh: acdepth completion zsh > ~/.acdepth.zsh; in ~/.zshrc: source ~/.acdepth.zsh

    fish: acdepth completion fish > ~/.config/fish/completions/acdepth.fish

    Args:
        shell: bash, zsh or fish.
    """
    case, script = {"bash": (SH_CASE, BASH), "zsh": (SH_CASE, ZSH), "fish": (FISH_CASE, FISH)}[shell]
    cases = []
    for name, flags in _flags().items():
        typed = f"{name} " if name else ""
        words = (verb.removeprefix(typed).split()[0] for verb in VERBS if verb.startswith(typed))
        verbs = " ".join(dict.fromkeys(words))
        cases.append(case.format(typed=typed, verbs=verbs, flags=" ".join(flags)))
    print(script.format(cases="\n".join(cases)), end="")


def _flags() -> dict[str, list[str]]:
    """Of each verb, and of each word that begins one; the longest first, as the first that fits is taken."""
    flags = {"": ["--help", "--version"]}
    for name, verb in VERBS.items():
        flags.setdefault(name.split()[0], ["--help"])
        flags[name] = ["--help", *flag_names(verb.load())]
    return dict(sorted(flags.items(), key=lambda item: -len(item[0].split())))
