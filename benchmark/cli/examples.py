"""Examples that stand below the help of every command."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """
    A command line that works.

    Attributes
    ----------
    arguments : str
        What is typed after ``bench``.
    purpose : str
    """

    arguments: str
    purpose: str


# By the words of the command; "" is `bench` itself.
EXAMPLES: dict[str, tuple[Example, ...]] = {
    "": (
        Example("run band_search", "the shipped study on embedded data, a minute or two"),
        Example("run --data mine=DIR", "the same on your own pictures: DIR/real and DIR/fake"),
        Example("data doctor mine --root DIR", "look at the pictures first"),
        Example("train spectral_svm --train mine --data mine=DIR --out model", "keep one detector"),
        Example("scan model holiday/ clip.mp4", "score pictures and clips with it"),
    ),
    "run": (
        Example("run band_search", "a shipped study (bench list studies)"),
        Example("run --data mine=DIR --dry-run", "what would be run on your own pictures"),
        Example("run --data a=DIR1 --data b=DIR2 --train a --test a --test b", "train on one, test on both"),
        Example("run --detector spectral_svm --detector mean_gap.py:MeanGap", "other detectors, your own among them"),
        Example("run my_study.yaml --jobs 4", "a study of your own"),
        Example("run band_search --shard 0/4", "the first of four parts, on a machine of four"),
    ),
    "submit": (
        Example("submit --study band_search --shards 8 --partition gpu --time 120", "to SLURM, two hours a job"),
        Example("submit my_study.yaml --data mine=DIR --shards 8 --cpus 4 --max-parallel 4", "four jobs at once"),
        Example("submit --shards 8 --dry-run", "what is left for each shard"),
        Example("submit --shards 2 --on local", "two processes of this machine"),
    ),
    "train": (
        Example("train spectral_svm --train procedural/planted --out model", "on the embedded data"),
        Example("train dct_ridge --train mine --data mine=DIR --band high:0.2", "on your own pictures, above 0.2 cycles/pixel"),
        Example("train dct_ridge --train procedural/zeroinsert --band comb:period=2", "on the peaks of up-sampling alone"),
        Example(
            "train spectral_lgbm --task attribution --train procedural/nearest --train procedural/blend", "which generator"
        ),
    ),
    "evaluate": (
        Example("evaluate model --test procedural/blend", "on another generator"),
        Example("evaluate model --test other --data other=DIR --scores scores", "on your own pictures, with score files"),
    ),
    "scan": (
        Example("scan model holiday/ clip.mp4", "a folder and a clip"),
        Example("scan model holiday/ --csv verdicts.csv", "a line per picture, in a file"),
    ),
    "spectra": (
        Example("spectra procedural/planted", "real against fake"),
        Example("spectra mine other --data mine=DIR1 --data other=DIR2 --out spectra", "two data sets side by side"),
    ),
    "embeddings": (
        Example("embeddings procedural/planted --detector clip_probe/random", "no download: random weights"),
        Example(
            "embeddings --data mine=DIR --detector dct_ridge --out vectors.npz", "your own pictures, as a detector sees them"
        ),
    ),
    "leaderboard": (
        Example("leaderboard --study band_search", "the table of one study"),
        Example("leaderboard --html board.html", "all studies as one page"),
        Example("leaderboard add scores.csv --meta meta.yaml", "a row from scores that somebody brought"),
    ),
    "leaderboard add": (
        Example("leaderboard add scores.csv --meta meta.yaml", "scores.csv: dataset, key, label, score"),
        Example("leaderboard add --wide zoo.csv --dry-run", "zoo.csv: id, label, generator, source, a column per detector"),
    ),
    "leaderboard remove": (Example("leaderboard remove theirs", "by the name in its meta.yaml"),),
    "leaderboard export": (
        Example(
            "leaderboard export scores.csv --study band_search --detector spectral_svm --train procedural/planted", "a row"
        ),
    ),
    "list": (
        Example("list detectors", "with what each needs"),
        Example("list datasets --json", "for another program"),
    ),
    "show": (
        Example("show spectral_svm", "parameters and presets of a detector"),
        Example("show band_search", "a study, as YAML"),
    ),
    "data": (
        Example("data doctor mine --root DIR", "what a folder holds, lacks and gives away"),
        Example("data audit mine --data mine=DIR", "do detectors live on how the files are stored?"),
        Example("data prepare ffpp --root DIR", "cut the faces out of clips, once"),
    ),
    "data prepare": (
        Example("data prepare ffpp --root DIR --dry-run", "how much it will be"),
        Example("data prepare ffpp --root DIR --domain Deepfakes@c23 --frames 8", "one domain, few frames"),
    ),
    "data doctor": (
        Example("data doctor mine --root DIR", "a folder with real/ and fake/"),
        Example("data doctor ffpp --root DIR --sample 50 --csv findings.csv", "a sample, all findings in a file"),
    ),
    "data audit": (
        Example("data audit mine --data mine=DIR", "a folder with real/ and fake/"),
        Example("data audit ffpp/Deepfakes@c23 --data ffpp=DIR --detector dct_ridge", "one domain, one detector"),
    ),
    "check": (
        Example("check detector spectral_svm", "a shipped detector"),
        Example("check dataset my_data.py:MyData --root DIR", "a data set of your own"),
    ),
    "check detector": (
        Example("check detector spectral_svm/faithful", "a shipped detector, in a preset"),
        Example("check detector mean_gap.py:MeanGap", "your own"),
    ),
    "check dataset": (
        Example("check dataset procedural", "the embedded data"),
        Example("check dataset folder --root DIR", "a folder with real/ and fake/"),
    ),
    "new": (
        Example("new detector mean_gap", "mean_gap.py and its test, here"),
        Example("new dataset my_data --into plugins", "my_data.py and its test, in plugins/"),
    ),
    "new detector": (Example("new detector mean_gap", "mean_gap.py and its test, here"),),
    "new dataset": (Example("new dataset my_data --into plugins", "my_data.py and its test, in plugins/"),),
    "ui": (
        Example("ui", "what was recorded here, until Ctrl-C"),
        Example("ui --port 5050", "where port 5000 is taken"),
    ),
    "sync": (
        Example("sync", "send what waits"),
        Example("sync --discard http://127.0.0.1:5000", "forget what waits for a server that is gone"),
    ),
    "cache": (Example("cache info", "where it is, and how large"), Example("cache prune --days 30", "make room")),
    "cache info": (Example("cache info", "where it is, and how large"),),
    "cache prune": (
        Example("cache prune --days 30", "what was not used for a month"),
        Example("cache prune", "all of it"),
    ),
}
