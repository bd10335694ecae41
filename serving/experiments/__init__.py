"""Experiments on live traffic: asked, drawn, looked at and told."""
