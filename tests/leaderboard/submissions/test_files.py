"""Folders of submissions."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions import files as submission_files
from bandbench.leaderboard.submissions.add import SubmissionReport
from bandbench.leaderboard.submissions.files import (
    Submission,
    find_submissions,
    is_same,
    keep,
    load_submission,
    own_folder,
    remove_submission,
)
from made_submissions import board_of, brought, drop


def test_shipped_folders_are_read_and_hold_what_was_sent(
    bring: Callable[..., SubmissionReport], store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring()
    shipped = tmp_path / "package"
    shipped.mkdir()
    (own_folder() / "brought").rename(shipped / "brought")
    monkeypatch.setattr(submission_files, "shipped_folder", lambda: shipped)
    assert brought(board_of(store)).verified
    with pytest.raises(DataError, match="came with the package"):
        remove_submission("brought")
    assert bring().outcome == "unchanged"
    assert bring(drop, replace=True).outcome == "replaced"
    assert find_submissions()["brought"].parent == own_folder()


def test_the_folder_that_comes_along_says_how_to_send_one() -> None:
    assert "bench leaderboard add" in (submission_files.shipped_folder() / "README.md").read_text()


META_TEXT = "name: brought\ndetector: d\ntrain: t\n"


def write_folder(folder: Path, *files: str) -> Path:
    folder.mkdir()
    (folder / "meta.yaml").write_text(META_TEXT)
    for name in files:
        (folder / name).write_text(name)
    return folder


def test_score_files_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "brought", "scores-10.csv", "scores-2.csv", "notes.txt", "scores.md")
    submission = load_submission(folder)
    assert [file.name for file in submission.files] == ["scores-2.csv", "scores-10.csv"]


def test_the_digest_changes_with_description_and_scores(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "brought", "scores.csv")
    submission = load_submission(folder)
    first = submission.digest
    assert is_same(folder, submission)
    (folder / "meta.yaml").write_text(META_TEXT + "url: x\n")
    described = load_submission(folder).digest
    (folder / "scores.csv").write_text("other")
    assert len({first, described, load_submission(folder).digest}) == 3
    assert not is_same(tmp_path / "absent", submission)


@pytest.mark.parametrize(
    ("name", "files", "message"), [("other", ("scores.csv",), "have to agree"), ("brought", (), "no score file")]
)
def test_folders_that_are_no_submission(tmp_path: Path, name: str, files: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_submission(write_folder(tmp_path / name, *files))


def test_a_kept_submission_replaces_the_old_one_whole(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "brought", "scores.csv", "scores-1.csv", "mine.PARQUET")
    two = load_submission(folder)
    keep(two, folder / "meta.yaml", tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["meta.yaml", "scores-0.csv", "scores-1.csv"]
    keep(Submission(two.meta, (folder / "mine.PARQUET",)), folder / "meta.yaml", tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["meta.yaml", "scores-0.parquet"]
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
