from .api.board import Board as Board
from .api.board import leaderboard as leaderboard
from .api.models import Model as Model
from .api.models import load_model as load_model
from .api.models import scan as scan
from .api.models import train as train
from .api.pictures import audit as audit
from .api.pictures import spectra as spectra
from .api.plugins import datasets as datasets
from .api.plugins import detectors as detectors
from .api.study import StudyResults as StudyResults
from .api.study import run as run
from .benchmark.errors import BenchError as BenchError
from .benchmark.frequency.bands import Band as Band

__version__: str
