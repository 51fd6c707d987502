"""The optional curvature measures, one module each; `measures` calls those a program asks for."""
