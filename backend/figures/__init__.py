"""Figures of an experiment: plain info tuple in, Plotly figure out. Knows no database and no web."""
