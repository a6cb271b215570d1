"""Published weights: fetched where the user named them; an unreachable server is an error at once."""

import contextlib
from collections.abc import Iterator

from ...errors import PluginError

SERVER_PATIENCE = 5.0  # seconds


@contextlib.contextmanager
def from_server(what: str, copy: str) -> Iterator[None]:
    """
    For a block that fetches published weights: no progress bars, and where their server does not answer, a look at what was
    fetched before and at once an error. Left to themselves, the libraries ask again and again for a minute, file by file.

    Parameters
    ----------
    what : str
        Named in the message.
    copy : str
        How a local copy is given.

    Raises
    ------
    PluginError
        If it was not fetched before, and cannot be now.
    """
    from huggingface_hub import constants
    from huggingface_hub.errors import LocalEntryNotFoundError
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _server_answers(constants.ENDPOINT)
    try:
        yield
    except Exception as error:
        if not (constants.HF_HUB_OFFLINE and any(isinstance(e, LocalEntryNotFoundError) for e in _causes(error))):
            raise
        reason = "HF_HUB_OFFLINE is set" if before else f"{constants.ENDPOINT} does not answer"
        raise PluginError(
            f"{what} is not on this machine and cannot be fetched: {reason}. Give a local copy ({copy}), "
            f"or fetch it once while connected: it is kept in {constants.HF_HUB_CACHE}."
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = before


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it was raised for."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _server_answers(address: str) -> bool:
    from huggingface_hub import get_session

    try:
        get_session().head(address, timeout=SERVER_PATIENCE)
    except Exception:  # whatever the HTTP library in use calls it
        return False
    return True
