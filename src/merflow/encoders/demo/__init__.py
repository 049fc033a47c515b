"""Small encoders in the formats of the public checkpoints, taught inside the graph (source: ours).

HuBERT learns to predict hidden stretches of speech (acoustic clusters), the face networks to read
a drawn face's actions. Their speakers are in no split, and nothing here knows an emotion.
"""
