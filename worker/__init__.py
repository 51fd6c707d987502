"""Worker half of µScope: trains cells. It never imports FastAPI or Plotly."""
