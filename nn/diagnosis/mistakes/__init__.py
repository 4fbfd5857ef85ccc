"""The mistakes that people make in backpropagation, each an alteration of one equation.

>>> from nn.diagnosis.mistakes import MISTAKES
>>> print(MISTAKES["no-mean"].sentence)
this is the gradient of the sum over the batch, without the 1/N of its mean
"""

from nn.diagnosis.mistakes.table import MISTAKES as MISTAKES
from nn.diagnosis.mistakes.table import Mistake as Mistake
from nn.diagnosis.mistakes.table import Suspect as Suspect
from nn.diagnosis.mistakes.table import suspects as suspects
