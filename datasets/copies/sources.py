"""Data sets as they are distributed: clips, folders of frames and stills, which become items."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from ...benchmark.contracts import SPLITS, Dataset, Framing, Item, Shown
from ...benchmark.errors import DataError
from ...benchmark.invocation import bench
from .draw import draw_source_splits
from .listing import passed_over
from .prepared import Origin, Preparation, find_preparations
from .survey import OTHER_CLASS, SHOWN, Source, Survey
from .tree import LOST, Tree


@dataclass(eq=False, repr=False)
class SourceDataset(Dataset):
    """
    Base of adapters to copies of data sets on a disk; a subclass sets its facts and writes `survey`.

    Stills are items as they are. Clips and folders of frames become items once faces were cut out of them
    (``bench data prepare``); `root` is then still the folder of the distribution, or the folder that was prepared.

    Attributes
    ----------
    what : str
        Content of a root, for messages: ``"FaceForensics++ (original_sequences/, manipulated_sequences/)"``.
    draw : {"components", "identities"}
        How sources without a split get one: whole sets of linked identities, or single identities, leaving out what
        links two sides.
    clips : bool
        True if it consists of clips, so that faces have to be cut out first.
    preparation : dict of str to object
        Settings of ``bench data prepare`` whose default differs for this data set.
    prepare_as : str
        Name that ``bench data prepare`` knows it by, if it is another one.

    Parameters
    ----------
    root, seed, replicate
        See `Dataset`.
    follow_links : bool
        Follow links that lead out of `root`.
    """

    what: ClassVar[str] = ""
    draw: ClassVar[Literal["components", "identities"]] = "components"
    clips: ClassVar[bool] = False
    preparation: ClassVar[Mapping[str, Any]] = {}
    prepare_as: ClassVar[str] = ""

    follow_links: bool = False

    def survey(self, tree: Tree) -> Survey:
        """
        List the sources of a copy.

        Parameters
        ----------
        tree : Tree
            Tree of the root; its troubles are added to those of the survey.

        Raises
        ------
        DataError
            If nothing of the data set is there.
        """
        raise NotImplementedError

    # --- the survey --------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """
        The root, which exists.

        Raises
        ------
        DataError
            If it does not.
        """
        if self.root is None or not self.root.is_dir():
            raise DataError(f"{self.name}: the folder {self.root} does not exist or is not a folder; check the path.")
        return self.root

    @cached_property
    def tree(self) -> Tree:
        """The files below the root."""
        return Tree(self.folder, self.follow_links)

    @cached_property
    def prepared(self) -> Preparation | None:
        """
        The crops that belong to the root, if there are any.

        Raises
        ------
        DataError
            If there are several, or they are those of another data set.
        """
        own = Preparation.at(self.folder)
        if own:
            if own.dataset != self.name:
                raise DataError(
                    f"{self.root} was prepared from {own.dataset}, not {self.name}: --data {own.dataset}={self.root}."
                )
            return own
        preparations = find_preparations(self.origin)
        if len(preparations) > 1:
            shown = "; ".join(f"--data {self.name}={p.folder} ({p.settings_text})" for p in preparations)
            raise DataError(f"{self.name} in {self.root} was prepared in {len(preparations)} ways; choose one: {shown}.")
        return preparations[0] if preparations else None

    @cached_property
    def surveyed(self) -> Survey:
        """The survey of the root, or that of the time of preparation."""
        return self.interpreted(Survey.from_dict(self.prepared.survey) if self.prepared else self.survey_now())

    def interpreted(self, survey: Survey) -> Survey:
        """
        Apply parameters that are asked for when items are listed, so that one preparation serves all their values.

        A subclass that has such parameters overrides it; `surveyed` and `bench data doctor` both go through it.
        """
        return survey

    def survey_now(self) -> Survey:
        """
        Survey the root again, without regard to preparations.

        Raises
        ------
        DataError
            If nothing usable is there.
        """
        survey = self.survey(self.tree)
        if not survey.sources:
            raise DataError(
                f"{self.root} holds nothing of {self.what or self.name}; "
                f"`{bench(f'data doctor {self.name} --root {shlex.quote(str(self.root))}')}` says more."
            )
        ordered = tuple(sorted(survey.sources, key=lambda source: source.id))
        return replace(survey, sources=ordered, troubles=(*survey.troubles, *self.tree.troubles))

    @property
    def origin(self) -> Origin:
        """The origin of crops that are made from this copy, by which preparations are found."""
        return Origin(self.name, self.folder, self.survey_options())

    def survey_options(self) -> dict[str, Any]:
        """Return the parameters that change the survey: all but those of this class."""
        shared = ("root", "seed", "replicate", "follow_links")
        return {name: value for name, value in self.parameters().items() if name not in shared}

    # --- the contract ------------------------------------------------------------------------------------------------

    def variants(self) -> tuple[str, ...]:
        return tuple(sorted({domain for source in self.surveyed.sources for domain in source.domains}))

    def items(self, variant: str) -> Sequence[Item]:
        sources = [source for source in self._with_splits() if variant in source.domains and source.split in SPLITS]
        if self.prepared:
            return prepared_items(self.prepared, sources)
        unprepared = next((source for source in sources if source.kind != "still"), None)
        if unprepared:
            raise DataError(
                f"{self.alias or self.name} in {self.root} consists of clips (for example {unprepared.id}); cut the faces out "
                f"first, once: {self.prepare_command()}"
            )
        return [source.item(source.id) for source in sources]

    def prepare_command(self) -> str:
        """Return the command that cuts the faces out of the clips."""
        command = ["data", "prepare", self.prepare_as or self.name, "--root", str(self.root)]
        defaults = self.parameter_defaults()
        for name, value in self.survey_options().items():
            command += ["--param", f"{name}={value}"] if value != defaults[name] else []
        return bench(shlex.join(command))

    def read(self, item: Item) -> bytes:
        if self.prepared:
            return self.prepared.read(item.id)
        return self.read_still(item.id)

    def read_still(self, source_id: str) -> bytes:
        """Return the bytes of a still as a picture file; a subclass may crop it first (losslessly)."""
        return self.tree.read(source_id)

    def framing(self) -> Framing:
        if not self.prepared:
            return super().framing()
        settings = self.prepared.settings
        return Framing(Shown.WHOLE if settings.faces == "none" else Shown.FACES, asdict(settings))

    def facts(self) -> dict[str, Any]:
        survey = self.surveyed
        facts: dict[str, Any] = {"missing": list(survey.missing), "notes": list(survey.notes)}
        if self.prepared:
            facts["missing"] += self.prepared.gaps
            facts["preparation"] = self.prepared.settings_text
        return facts

    def lost_sources(self, variant: str) -> list[str]:
        if not self.prepared:
            return []
        sources = self._with_splits()
        return self.prepared.gaps_of([one.id for one in sources if variant in one.domains and one.split in SPLITS])

    def remarks(self) -> list[str]:
        troubles = self.surveyed.troubles
        lines = [f"{trouble.path} {trouble.detail}" for trouble in troubles if trouble.status == OTHER_CLASS]
        more = [f"and {len(lines) - SHOWN} more folders like that."] if len(lines) > SHOWN else []
        lost = passed_over({}, [trouble for trouble in troubles if trouble.status in LOST])
        passed = (
            [f"passed over: {lost}; {bench(f'data doctor {self.name} --root {shlex.quote(str(self.root))}')} names all."]
            if lost
            else []
        )
        return [*lines[:SHOWN], *more, *passed]

    def for_replicate(self, replicate: int) -> "SourceDataset":
        other = super().for_replicate(replicate)
        other.__dict__.pop("_splits", None)
        return other

    # --- splits ------------------------------------------------------------------------------------------------------

    def _with_splits(self) -> list[Source]:
        """Return all sources, each with its split; empty where it belongs to none."""
        if "_splits" not in self.__dict__:
            self.__dict__["_splits"] = self.drawn(self.surveyed.sources)
        return self.__dict__["_splits"]

    def drawn(self, sources: Sequence[Source]) -> list[Source]:
        """
        Draw a split for the sources that have none; runs and ``bench data doctor`` both use it.

        A subclass whose parts are split apart from each other calls this once for each part.

        Parameters
        ----------
        sources : sequence of Source

        Returns
        -------
        list of Source
            In the order given, every one with a split or an empty one.
        """
        return draw_source_splits(sources, self.draw, self.seed, self.replicate)


def prepared_items(preparation: Preparation, sources: Sequence[Source]) -> list[Item]:
    """
    Return the crops of some sources as items; the id is the path below ``crops``.

    Raises
    ------
    DataError
        If none of the sources was prepared yet.
    """
    if sources and not any(source.id in preparation.index for source in sources):
        raise DataError(
            f"{preparation.folder}: none of {len(sources)} sources of this domain (for example {sources[0].id}) was prepared "
            f"yet; go on with: {preparation.command}"
        )
    return [
        source.item(f"{source.id}/{crop.file}", crop.sha256)
        for source in sources
        if (record := preparation.index.get(source.id))
        for crop in record.crops
    ]
