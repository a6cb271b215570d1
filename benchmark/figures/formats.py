"""Kinds of file that a figure can be written as; a module of its own, so that a command can name them without drawing."""

from enum import StrEnum


class FigureFormat(StrEnum):
    """Suffix of a figure's file."""

    svg = "svg"
    pdf = "pdf"
    png = "png"
