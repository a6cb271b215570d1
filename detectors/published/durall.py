"""Durall et al., "Unmasking DeepFakes with simple Features", arXiv 1911.00686, with the notebooks of its repository."""

from ...benchmark.contracts import HowKnown, Reported

PAPER = "Durall et al., arXiv 1911.00686"
NOTEBOOKS = "cc-hpc-itwm/DeepFakeDetection"
FACES_HQ, CELEBA, DFD = "Faces-HQ", "CelebA of the repository", "FF++, subset DeepFakeDetection"


def _read(value: float, data: str, where: str, setting: str, preset: str = "") -> Reported:
    return Reported(value, "accuracy", data, where, HowKnown.READ, setting, preset)


SVM = (
    _read(1.0, FACES_HQ, f"{PAPER}, figure faces_results", "4000, 1000, 100 and 20 pictures alike, 80/20"),
    _read(1.0, CELEBA, f"{PAPER}, figure celeba_results", "2000 pictures, 80/20"),
    _read(1.0, CELEBA, f"{NOTEBOOKS}, CelebA.ipynb", "RBF kernel, 2000 pictures, 80/20, mean of 10"),
    _read(0.9995, CELEBA, f"{NOTEBOOKS}, CelebA.ipynb", "2000 pictures, 80/20, mean of 10", "faithful_linear"),
    _read(0.9855, CELEBA, f"{NOTEBOOKS}, CelebA.ipynb", "2000 pictures, 80/20, mean of 10", "faithful_poly"),
    _read(0.85, DFD, f"{PAPER}, figure deep_results", "2000 frames, 80/20; 0.82, 0.77 and 0.66 with 1000, 200 and 20"),
    _read(0.90, DFD, f"{PAPER}, figure results3", "clips, by majority of their frames"),
    _read(0.8605, DFD, f"{NOTEBOOKS}, FaceForensic.ipynb", "RBF kernel, trained on 3200 frames, tested on 1000"),
)
LOGISTIC_REGRESSION = (
    _read(1.0, FACES_HQ, f"{PAPER}, figure faces_results", "4000, 1000, 100 and 20 pictures alike, 80/20"),
    _read(1.0, CELEBA, f"{PAPER}, figure celeba_results", "2000 pictures, 80/20"),
    _read(0.9975, CELEBA, f"{NOTEBOOKS}, CelebA.ipynb", "2000 pictures, 80/20, mean of 10"),
    _read(0.78, DFD, f"{PAPER}, figure deep_results", "2000 frames, 80/20; 0.76, 0.73 and 0.76 with 1000, 200 and 20"),
    _read(0.81, DFD, f"{PAPER}, figure results3", "clips, by majority of their frames"),
    _read(0.7865, DFD, f"{NOTEBOOKS}, FaceForensic.ipynb", "trained on 3200 frames, tested on 1000"),
)
K_MEANS = (
    _read(0.82, FACES_HQ, f"{PAPER}, figure faces_results", "4000 pictures, 80/20; 0.82, 0.81 and 0.75 with 1000, 100 and 20"),
    _read(0.96, CELEBA, f"{PAPER}, figure celeba_results", "2000 pictures, 80/20"),
)
