"""Model families: one file each, saying what a network of the family is made of. How it computes lies in
`worker/numerics/networks`, in a file of the same name.
"""
