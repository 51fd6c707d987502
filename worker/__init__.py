"""The half of µScope that trains. It never imports FastAPI or Plotly."""
