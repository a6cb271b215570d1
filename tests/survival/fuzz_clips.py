"""
Damage small clips in many ways, and count how reading them ends.

``python tests/survival/fuzz_clips.py [N]`` makes N mutations (400 without N) of clips of several containers and codecs, and
reads each as a preparation, a scan and the doctor do. Frames or the whole clip may be left out with a reason; nothing else may
be raised, nothing may end the process of the reader's owner, and nothing may take longer than a minute.
"""

import atexit
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from fuzz_models import Outcome, run

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures import video
from bandbench.datasets.doctor.picture_facts import clip_facts

CODECS = (
    *(("mp4", "libx264", "yuv420p"), ("mkv", "libx264", "yuv420p"), ("avi", "mpeg4", "yuv420p"), ("mov", "mjpeg", "yuvj420p")),
    *(
        ("webm", "libvpx", "yuv420p"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("mpg", "mpeg2video", "yuv420p"),
        ("avi", "ffv1", "yuv420p"),
    ),
)
N_FRAMES, ROWS, COLS = 24, 96, 128
PLACE = Path(tempfile.gettempdir(), f"fuzz-clips-{os.getpid()}")


def main(n: int = 400) -> int:
    """Run the fuzzer, and return the number of mutations that ended badly."""
    PLACE.mkdir(exist_ok=True)
    atexit.register(shutil.rmtree, PLACE, ignore_errors=True)
    for i, (suffix, codec, pixels) in enumerate(CODECS):
        write_clip(PLACE / f"{i}.{suffix}", codec, pixels)
    outcomes = run(one_clip, n)
    counts = Counter(kind for kind, _ in outcomes)
    print(f"clips: {len(outcomes)} mutations: " + ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())))
    bad = [(kind, detail) for kind, detail in outcomes if kind not in ("read", "refused")]
    for kind, detail in bad:
        print(f"  {kind}: {detail}")
    return len(bad)


def write_clip(path: Path, codec: str, pixels: str) -> None:
    """Write a clip of a moving gradient with noise."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as clip:
        stream = clip.add_stream(codec, rate=12)
        stream.width, stream.height, stream.pix_fmt = COLS, ROWS, pixels
        for k in range(N_FRAMES):
            picture = (np.add.outer(np.arange(ROWS), np.arange(COLS) + 5 * k) % 256)[..., None] + rng.integers(
                0, 20, (ROWS, COLS, 3)
            )
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="rgb24")))
        clip.mux(stream.encode(None))


def one_clip(number: int) -> Outcome:
    """Read one damaged clip by every way there is."""
    rng = random.Random(number)
    clips = sorted(PLACE.glob("?.*"))
    source = clips[number % len(clips)]
    path = PLACE / f"damaged-{number}{source.suffix}"
    what = damage(path, source.read_bytes(), rng)
    try:
        kinds = {kind for kind in read_in_every_way(path)}
        return ("read", what) if "frames" in kinds else ("refused", what)
    except Exception as error:
        raise RuntimeError(f"{source.name}, {what}: {type(error).__name__}: {error}") from error
    finally:
        path.unlink(missing_ok=True)


def read_in_every_way(path: Path) -> Iterator[str]:
    """Yield how each reader ended."""
    for options in ({"n_frames": 5}, {"every": 1}, {"n_frames": 4, "decoder": "opencv"}):
        frames = video.iter_frames(path, **options)
        try:
            yield "frames" if [frame.picture.shape for frame in frames] else "none"
        except DataError:
            yield "refused"
    yield "facts" if not clip_facts(path).error else "refused"


def damage(path: Path, data: bytes, rng: random.Random) -> str:
    """Write damaged bytes, and return what was done."""
    changed = bytearray(data)
    kind = rng.choice(("flips", "flips", "head", "many", "zeros", "cut", "swapped"))
    if kind in ("flips", "head", "many"):
        end = 300 if kind == "head" else len(changed)
        for _ in range(60 if kind == "many" else rng.randint(1, 4)):
            changed[rng.randrange(min(end, len(changed)))] ^= 1 << rng.randrange(8)
    elif kind == "zeros":
        at = rng.randrange(len(changed))
        changed[at : at + 200] = bytes(min(200, len(changed) - at))
    elif kind == "cut":
        del changed[rng.randrange(len(changed)) :]
    else:
        at = rng.randrange(len(changed) // 2)
        changed[at : at + 64], changed[-64:] = changed[-64:], changed[at : at + 64]
    path.write_bytes(changed)
    return kind


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 400) else 0)
