"""`muscope translate-lr`: learning rates of Muon in the conventions of other libraries."""
