"""Files of other people, judged one by one: ``liftgrad check``."""
