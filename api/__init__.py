"""Python interface: what the commands do, as functions that return records instead of printing."""

import warnings

# Of tqdm, which Optuna imports: in a notebook without widgets it warns of a bar that nothing here shows.
warnings.filterwarnings("ignore", message="IProgress not found", module="tqdm")
