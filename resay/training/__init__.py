"""What every trained model shares: device, batches, the loop, checkpoints, export, and running what was exported."""

import os

# From its import on onnxruntime (1.31 on Linux) keeps an id of the machine and tells its makers how it is used; nobody asked for that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
