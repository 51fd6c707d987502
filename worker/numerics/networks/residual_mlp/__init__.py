"""Residual MLP: forward pass, hand-written gradient and Hessian, factorised tangent kernel."""
