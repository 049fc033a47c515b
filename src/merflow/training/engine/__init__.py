"""The engine: many models trained side by side, each as if it were alone.

* :mod:`.plan`: which models there are, and which of them form a stack.
* :mod:`.tables`: the standardised features that a stack reads.
* :mod:`.draws`: minibatches and dropout, keyed by seed, fold and epoch.
* :mod:`.models`: the parameters of a stack and Adam's moments.
* :mod:`.aligned`: the products of DA-Mat, where nearly all of the work is, by hand.
* :mod:`.stack`: the loop over epochs: train, score, keep the best, stop.
* :mod:`.checkpoint`: what a killed stack goes on from.
"""
