"""The catalogue of real bugs: 33 classes, what stands for them in the model, and the command ``refmodel bugs``."""
