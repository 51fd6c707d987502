"""One module per model family: shapes and roles of its tensors, initialisation, forward pass, derivatives."""
