"""The command line and its settings; parts are put together here and in `serving/app.py`, nowhere else."""
