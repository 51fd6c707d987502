"""Model families, one file each, with the tensors and costs of a network of the family. Its computation is in
the file of the same name in `worker/numerics/networks`.
"""
