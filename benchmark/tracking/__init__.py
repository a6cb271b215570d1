"""The one place that speaks MLflow: documents of runs are sent to a tracking store, and recorded cells are read from it."""
