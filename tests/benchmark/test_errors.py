"""What users read: lists, and warnings of ours as sentences, those of libraries as they are."""

import subprocess
import sys

import pytest

from bandbench.benchmark.errors import StudyError, has_surrogate, listed, nearest_name, plain_text, text_of, unknown_name

PROGRAM = """
import warnings
from bandbench.benchmark.errors import BenchWarning, show_sentences
show_sentences()
show_sentences()
warnings.warn("half of the pictures at a time.", BenchWarning, stacklevel=1)
warnings.warn("old", DeprecationWarning, stacklevel=1)
"""


def test_a_warning_of_ours_is_one_sentence() -> None:
    command = [sys.executable, "-W", "always", "-c", PROGRAM]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    assert lines[0] == "bench: half of the pictures at a time."
    assert "DeprecationWarning: old" in lines[1]


@pytest.mark.parametrize(
    ("names", "most", "between", "text"),
    [
        ([], 2, ", ", ""),
        (["a"], 2, ", ", "a"),
        (["a", "b"], 2, ", ", "a, b"),
        (["a", "b", "c"], 2, ", ", "a, b and 1 more"),
        (["a", "b", "c", "d", "e"], 1, "; ", "a; and 4 more"),
        ([1, 2.5], 3, ", ", "1, 2.5"),
    ],
)
def test_the_first_names_and_the_number_of_the_others(names: list[object], most: int, between: str, text: str) -> None:
    assert listed(iter(names), most, between) == text


@pytest.mark.parametrize(
    ("name", "names", "sentence"),
    [
        ("spectral_svn", ["coin_flip", "spectral_svm"], " Did you mean 'spectral_svm'?"),
        ("COIN_FLIP", ["Coin_Flip", "spectral_svm"], " Did you mean 'Coin_Flip'?"),
        ("xyz", ["coin_flip"], ""),
        ("xyz", [], ""),
    ],
)
def test_the_nearest_name_is_offered(name: str, names: list[str], sentence: str) -> None:
    assert nearest_name(name, names) == sentence
    assert unknown_name("thing", name, names).startswith(f"unknown thing '{name}'.{sentence} Known: ")


def test_a_notebook_shows_the_sentence_alone() -> None:
    """IPython asks an exception for its lines by this name."""
    assert StudyError("no study 'x'.")._render_traceback_() == ["StudyError: no study 'x'."]


class Mute(Exception):
    """An exception of a plugin that cannot be printed."""

    def __str__(self) -> str:
        raise ValueError("no text")


def test_an_exception_whose_message_fails_has_one_of_ours() -> None:
    assert text_of(ValueError("a reason")) == "a reason"
    assert text_of(Mute()) == "an exception whose message cannot be read"


def test_what_a_terminal_acts_upon_is_written_out() -> None:
    text = "a\x1b[31m\x9bb\u202ec\udce9\nd\te"
    assert plain_text(text) == "a\\x1b[31m\\x9bb\\u202ec\\udce9\nd\te"
    assert plain_text("[bold]é…") == "[bold]é…"


def test_half_of_a_surrogate_pair_is_found_and_whole_characters_are_not() -> None:
    assert [has_surrogate(text) for text in ("", "plain", "\u00e9\U0001f600")] == [False] * 3
    assert [has_surrogate(text) for text in ("a\ud800", "\udcff")] == [True] * 2
