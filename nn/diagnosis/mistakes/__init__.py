"""The mistakes that people make in backpropagation, each an alteration of one equation.

>>> from nn.diagnosis.mistakes import MISTAKES
>>> print(MISTAKES["no-mean"].sentence)
this is the gradient of the sum over the batch, without the 1/N of its mean
"""

from nn.diagnosis.mistakes import batch as batch
from nn.diagnosis.mistakes import biases as biases
from nn.diagnosis.mistakes import forward as forward
from nn.diagnosis.mistakes import output as output
from nn.diagnosis.mistakes import penalty as penalty
from nn.diagnosis.mistakes import propagation as propagation
from nn.diagnosis.mistakes import scale as scale
from nn.diagnosis.mistakes import slopes as slopes
from nn.diagnosis.mistakes import svm as svm
from nn.diagnosis.mistakes import update as update
from nn.diagnosis.mistakes import weights as weights
from nn.diagnosis.mistakes.table import MISTAKES as MISTAKES
from nn.diagnosis.mistakes.table import Mistake as Mistake
from nn.diagnosis.mistakes.table import Suspect as Suspect
from nn.diagnosis.mistakes.table import suspects as suspects
