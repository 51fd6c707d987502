"""Figures of the page as SVG: the same Plotly JSON (`backend/figures`), drawn here; text stays text."""
