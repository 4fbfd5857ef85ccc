"""The mistakes that people make in backpropagation, each an alteration of one equation.

>>> from nn.mistakes import MISTAKES
>>> print(MISTAKES["no-mean"].sentence)
this is the gradient of the sum over the batch, without the 1/N of its mean
"""

from nn.mistakes import batch as batch
from nn.mistakes import biases as biases
from nn.mistakes import output as output
from nn.mistakes import propagation as propagation
from nn.mistakes import scale as scale
from nn.mistakes import slopes as slopes
from nn.mistakes import weights as weights
from nn.mistakes.equations import RIGHT as RIGHT
from nn.mistakes.equations import Equations as Equations
from nn.mistakes.equations import Problem as Problem
from nn.mistakes.equations import Tape as Tape
from nn.mistakes.table import MISTAKES as MISTAKES
from nn.mistakes.table import Evidence as Evidence
from nn.mistakes.table import Mistake as Mistake
from nn.mistakes.table import Suspect as Suspect
from nn.mistakes.table import suspects as suspects
from nn.mistakes.text import page as page
