"""Judgement of a brought model: measured powers of the width against those that each role needs."""
