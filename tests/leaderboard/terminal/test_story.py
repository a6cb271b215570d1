"""Sentences about a board in the terminal."""

import io

from rich.console import Console

from bandbench.leaderboard.story.parts import Sentence, Topic
from bandbench.leaderboard.terminal.story import print_story


def printed(*sentences: Sentence) -> str:
    console = Console(width=100, file=io.StringIO(), record=True)
    print_story(sentences, console)
    return console.export_text()


def test_a_line_for_each_sentence_and_names_stay_text() -> None:
    text = printed(Sentence.of(Topic.LEADER, ["[bold]svm[/bold] leads."]), Sentence.of(Topic.DOUBT, ["None."]))
    assert text.splitlines() == ["In short", "- [bold]svm[/bold] leads.", "- None."]


def test_without_sentences_nothing_is_printed() -> None:
    assert printed() == ""
