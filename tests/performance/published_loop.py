"""
Two ways to do the published band search by hand, to hold ours against.

`naive` does what the published program does, in the same order: every picture is read, transformed and masked anew for every
band, the low- and high-pass masks in a loop over pixels. `vectorised` is what a good engineer makes of that in an afternoon:
pictures read once, masks made once per band, one FFT per picture and band.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import CubicSpline, griddata
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

if TYPE_CHECKING:
    from performance.settings import Setting

N_FEATURES = 300
EPSILON = 1e-8


def read_grey(path: Path) -> NDArray[np.uint8]:
    """Grey levels of a picture file."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def centre_third(grey: NDArray) -> NDArray:
    """Middle third of both axes."""
    rows, cols = (int(side / 3) for side in grey.shape)
    return grey[rows:-rows, cols:-cols]


# --- naive -----------------------------------------------------------------------------------------------------------


def naive_gain(setting: "Setting", rows: int, cols: int) -> NDArray[np.float64]:
    """Gain of every DFT coefficient, pixel by pixel."""
    gain = np.zeros((rows, cols))
    for row in range(rows):
        for col in range(cols):
            distance = np.sqrt((row - (rows - 1) / 2) ** 2 + (col - (cols - 1) / 2) ** 2)
            low = 1 / (1 + (distance / setting.cutoff) ** (2 * setting.order))
            gain[row, col] = low if setting.kind == "low" else 1 - low
    return gain


def azimuthal_average(plane: NDArray) -> NDArray[np.float64]:
    """Mean over rings of integer radius, first and last ring left out."""
    y, x = np.indices(plane.shape)
    radius = np.hypot(x - (plane.shape[1] - 1) / 2, y - (plane.shape[0] - 1) / 2)
    order = np.argsort(radius.ravel())
    rings = radius.ravel()[order].astype(int)
    ends = np.flatnonzero(np.diff(rings))
    total = np.cumsum(plane.ravel()[order])
    return np.diff(total[ends]) / np.diff(ends)


def naive_features(path: Path, setting: "Setting", crop: Callable[[NDArray], NDArray] = centre_third) -> NDArray[np.float64]:
    """Feature vector of one picture under one setting, from the file on."""
    grey = crop(read_grey(path))
    spectrum = np.fft.fftshift(np.fft.fft2(grey))
    filtered = spectrum * naive_gain(setting, *grey.shape)
    profile = azimuthal_average(20 * np.log(np.abs(filtered + EPSILON)))
    source = np.linspace(0, N_FEATURES, num=profile.size)
    stretched = griddata(source, profile, np.linspace(0, N_FEATURES, num=N_FEATURES), method="cubic")
    return stretched / stretched[0]


# --- vectorised ------------------------------------------------------------------------------------------------------


def vectorised_features(crops: Sequence[NDArray], setting: "Setting") -> NDArray[np.float64]:
    """Feature vectors of many pictures under one setting; mask and rings are made once."""
    rows, cols = crops[0].shape
    y, x = np.indices((rows, cols))
    radius = np.hypot(x - (cols - 1) / 2, y - (rows - 1) / 2)
    low = 1 / (1 + (radius / setting.cutoff) ** (2 * setting.order))
    gain = low if setting.kind == "low" else 1 - low
    ring = radius.astype(int).ravel()
    count = np.bincount(ring)
    profiles = np.empty((len(crops), count.size - 2))
    for i, crop in enumerate(crops):
        filtered = np.fft.fftshift(np.fft.fft2(crop)) * gain
        log = 20 * np.log(np.abs(filtered + EPSILON))
        profiles[i] = (np.bincount(ring, log.ravel()) / count)[1:-1]
    source = np.linspace(0, N_FEATURES, profiles.shape[1])
    stretched = CubicSpline(source, profiles, axis=1)(np.linspace(0, N_FEATURES, N_FEATURES))
    return stretched / stretched[:, :1]


# --- classifier ------------------------------------------------------------------------------------------------------


def published_fits(features: NDArray[np.float64], labels: NDArray[np.int64], n_splits: int = 3) -> list[float]:
    """AUC of the published classifier on random 60/40 splits."""
    aucs = []
    for seed in range(n_splits):
        train, test, y_train, y_test = train_test_split(features, labels, train_size=0.6, random_state=seed, stratify=labels)
        machine = SVC(kernel="rbf", C=6.37, gamma=0.86).fit(train, y_train)
        aucs.append(float(roc_auc_score(y_test, machine.decision_function(test))))
    return aucs
