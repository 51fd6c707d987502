"""What is shown of an experiment: plain info tuple → Plotly figure. Knows no database and no web."""
