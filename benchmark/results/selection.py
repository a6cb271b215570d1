"""Selection rules: the validation pictures by which the band of a row was chosen."""

from enum import StrEnum

from ..domains.names import training


class Selection(StrEnum):
    """Code of a selection rule, as JSON, CSV, MLflow and the page have it."""

    TRAINING_DOMAIN = "training_domain"
    TRAINING_DOMAINS = "training_domains"
    NOT_TARGET = "not_target"
    NO_CHOICE = "no_choice"
    NOT_STATED = "not_stated"

    @property
    def meaning(self) -> str:
        """One clause for people."""
        return MEANINGS[self]


MEANINGS = {
    Selection.TRAINING_DOMAIN: "on validation pictures of the training domain",
    Selection.TRAINING_DOMAINS: "on validation pictures of all training domains together",
    Selection.NOT_TARGET: "on validation pictures of the training domains, with none of the target domain",
    Selection.NO_CHOICE: "no band was chosen: this one was set beforehand",
    Selection.NOT_STATED: "not stated by the submission",
}


def selection_of(train: str, role: str, n_candidates: int, submitted: bool = False) -> Selection:
    """
    Return the selection rule of a row.

    Parameters
    ----------
    train : str
        Name of its training.
    role : {"chosen", "allpass", "fixed"}
    n_candidates : int
        Bands that were tried on validation pictures; of one alone nothing is chosen.
    submitted : bool
    """
    if submitted:
        return Selection.NOT_STATED
    if role != "chosen" or n_candidates < 2:
        return Selection.NO_CHOICE
    parts = training(train)
    if parts.shots:
        return Selection.NOT_TARGET
    return Selection.TRAINING_DOMAINS if len(parts.members) > 1 else Selection.TRAINING_DOMAIN
