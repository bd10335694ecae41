"""The live side: HTTP API, metrics and the page. Starts without torch, miners, brokers or Spark."""
