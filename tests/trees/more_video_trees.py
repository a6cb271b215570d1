"""DeepfakeTIMIT, Celeb-DF and DFDC as they are handed out, in miniature: real clips and stills of drawn faces."""

import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path

from PIL import Image

from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.testing import CheckResult, check_dataset
from trees.faces import scene, write_face_clip

QUALITIES = ("higher_quality", "lower_quality")


@cache
def clip_bytes(identity: int, donor: int | None = None, suffix: str = ".mp4", codec: str = "libx264", n: int = 3) -> bytes:
    """A clip of a drawn face, of 192x256 pixels; with a donor it is a fake."""
    with tempfile.TemporaryDirectory() as folder:
        return write_face_clip(Path(folder) / f"clip{suffix}", identity, n, codec, donor).read_bytes()


@cache
def still_bytes(identity: int, frame: int) -> bytes:
    """A JPEG of a drawn face."""
    file = io.BytesIO()
    Image.fromarray(scene(identity, frame)).save(file, "JPEG", quality=90)
    return file.getvalue()


def put(path: Path, content: bytes) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def own_store(tmp_path: Path, empty_store: Path) -> None:
    """Put a tracking store that is made already where a study's results go."""
    (tmp_path / "home").mkdir()
    shutil.copy(empty_store, tmp_path / "home")


def failed_checks(name: str, root: Path, **options: object) -> list[CheckResult]:
    """Checks of the contract of data sets that one does not pass."""
    return [result for result in check_dataset(DatasetSpec(name, str(root), options)) if not result.ok]


# --- DeepfakeTIMIT ---------------------------------------------------------------------------------------------------


def subject(number: int) -> str:
    """Name of a subject in the manner of VidTIMIT: ``fabc0``."""
    return f"f{chr(97 + number // 26)}{chr(97 + number % 26)}g0"


def make_timit_fakes(root: Path, n_pairs: int = 5, qualities: Iterable[str] = QUALITIES, empty: bool = False) -> Path:
    """Write the fakes of pairs of subjects, both ways, as MPEG-4 in AVI with the sound beside them."""
    for quality in qualities:
        for target in range(2 * n_pairs):
            donor, folder = target ^ 1, root / quality / subject(target)
            clip = b"" if empty else clip_bytes(target, donor, ".avi", "mpeg4")
            put(folder / f"sa1-video-{subject(donor)}.avi", clip)
            put(folder / "sa1.wav", b"RIFF")
    return root


def make_vidtimit(root: Path, n_subjects: int = 10, suffix: str = "") -> Path:
    """Write stills called 001, 002 and 003 of every subject, in a sentence and a head movement, and the sound."""
    for number in range(n_subjects):
        for sequence in ("sa1", "head"):
            for k in range(3):
                put(root / subject(number) / "video" / sequence / f"{k + 1:03d}{suffix}", still_bytes(number, k))
        put(root / subject(number) / "audio" / "sa1.wav", b"RIFF")
    return root


# --- Celeb-DF --------------------------------------------------------------------------------------------------------


def make_celebdf(root: Path, n: int = 10, n_youtube: int = 5, within: str = "", empty: bool = True) -> Path:
    """
    Write a clip of every identity, one swap of any two, and clips of people without a name.

    All identities are linked, as nearly all of Celeb-DF are.

    Parameters
    ----------
    root : Path
    n : int
        Identities.
    n_youtube : int
    within : str
        Folder between the parts and their clips.
    empty : bool
        Files without content, where only names matter.
    """

    def clip(part: str, name: str, identity: int, donor: int | None = None) -> None:
        put(root / part / within / f"{name}.mp4", b"" if empty else clip_bytes(identity, donor))

    for k in range(n):
        clip("Celeb-real", f"id{k}_0000", k)
    for target, donor in combinations(range(n), 2):
        clip("Celeb-synthesis", f"id{target}_id{donor}_0000", target, donor)
    for k in range(n_youtube):
        clip("YouTube-real", f"{k:05d}", n + k)
    return root


def write_test_list(root: Path, *lines: str) -> Path:
    """Write the official test list; 1 is real there."""
    return put(root / "List_of_testing_videos.txt", "".join(f"{line}\n" for line in lines).encode())


# --- DFDC ------------------------------------------------------------------------------------------------------------


def make_dfdc_part(
    folder: Path, originals: Mapping[str, int], suffix: str = ".mp4", codec: str = "libx264", empty: bool = True
) -> Path:
    """
    Write a training part: reals, and a fake of each that is called ``<real>fake``.

    Parameters
    ----------
    folder : Path
    originals : dict of str to int
        Names of the reals, and whom they show.
    suffix, codec : str
    empty : bool
        Files without content, where only names matter.
    """
    said = {}
    for name, identity in originals.items():
        for clip, donor in ((name, None), (f"{name}fake", identity + 50)):
            put(folder / f"{clip}{suffix}", b"" if empty else clip_bytes(identity, donor, suffix, codec))
            said[f"{clip}{suffix}"] = (
                {"label": "REAL", "split": "train"}
                if donor is None
                else {"label": "FAKE", "split": "train", "original": f"{name}{suffix}"}
            )
    write_metadata(folder, said)
    return folder


def write_metadata(folder: Path, said: Mapping[str, Mapping[str, object]]) -> Path:
    """Write what is said of the clips of a part."""
    return put(folder / "metadata.json", json.dumps(said).encode())


def make_dfdc_preview(folder: Path, n_train: int = 10, n_test: int = 4, suffix: str = ".mp4") -> Path:
    """
    Write the preview without content: ``dataset.json``, two recordings of every actor, and swaps between neighbours of a set.

    Parameters
    ----------
    folder : Path
    n_train, n_test : int
        Actors.
    suffix : str
    """
    said: dict[str, dict[str, object]] = {}

    def clip(path: str, label: str, subset: str, target: int, swapped: int | None = None) -> None:
        put(folder / path, b"")
        about = {"augmentations": [], "target_id": str(target), "swapped_id": None if swapped is None else str(swapped)}
        said[path] = {"label": label, "set": subset, **about}

    for subset, actors in (("train", range(100, 100 + n_train)), ("test", range(900, 900 + n_test))):
        for k, actor in enumerate(actors):
            donor = actors[(k + 1) % len(actors)]
            for place in "AB":
                clip(f"original_videos/{actor}/{actor}_{place}_001{suffix}", "real", subset, actor)
                for method in ("method_A", "method_B"):
                    fake = f"{method}/{actor}/{actor}_{place}/{donor}_{actor}_{place}_001{suffix}"
                    clip(fake, "fake", subset, actor, donor)
    put(folder / "dataset.json", json.dumps(said).encode())
    return folder
