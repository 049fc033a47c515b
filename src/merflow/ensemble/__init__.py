"""Ensembles: k1, k2, k3 on the simplex (eqs. 10 and 11)."""
