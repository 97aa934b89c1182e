"""What a model's weights do to the signal, seen on the user's own data.

`diagnose` looks: numbers in `statistics`, words in `verdicts`, the table in
`report`, pictures in `plots`. `lsuv` and `data_scale` set the weights by what
they see. `compare` trains from several starts, and `SignalMonitor` looks while a
model trains: numbers in `training`, the picture in `heatmap`. All of them observe a
pass through the model in the one way that `capture` offers.
"""

from keras_inits.diagnostics.comparison import Comparison, compare
from keras_inits.diagnostics.data_dependent import ScaleReport, data_scale, lsuv
from keras_inits.diagnostics.diagnosis import diagnose
from keras_inits.diagnostics.monitor import SignalMonitor
from keras_inits.diagnostics.report import SignalReport
from keras_inits.diagnostics.training import TrainingReport

__all__ = [
    "Comparison",
    "ScaleReport",
    "SignalMonitor",
    "SignalReport",
    "TrainingReport",
    "compare",
    "data_scale",
    "diagnose",
    "lsuv",
]
