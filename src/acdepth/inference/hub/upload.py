"""A saved folder to a repository of the hub."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from acdepth.core.errors import UserError, first_line
from acdepth.core.hub import is_hub_name, require_hub
from acdepth.inference.hub.folder import EVAL_RESULTS


def push_folder(repository: str, write: Callable[[Path], None], private: bool, message: str) -> str:
    """Make the repository where needed, and put into it what ``write`` puts into a folder;
    results of earlier weights go.

    Returns:
        The address of the commit.

    Raises:
        UserError: if the name is none of the hub, or the hub refuses.
    """
    if not is_hub_name(repository):
        raise UserError(repository, "is no name of the hub", "give OWNER/MODEL")
    require_hub(repository)
    from huggingface_hub import HfApi

    hub = HfApi(library_name="acdepth")
    with TemporaryDirectory() as folder:
        write(Path(folder))
        try:
            hub.create_repo(repository, private=private, exist_ok=True)
            earlier = [] if (Path(folder) / EVAL_RESULTS).exists() else [EVAL_RESULTS]
            done = hub.upload_folder(
                repo_id=repository, folder_path=folder, commit_message=message, delete_patterns=earlier
            )
        except Exception as error:  # its own, and those of whatever its version talks by
            what = f"the hub did not take it ({first_line(error)})"
            remedy = "log in by hf auth login, and check name and network"
            raise UserError(repository, what, remedy) from error
    return done.commit_url
