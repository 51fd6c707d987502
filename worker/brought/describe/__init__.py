"""Description of a brought network for plans: tensors, work, form of examples, stacking."""
