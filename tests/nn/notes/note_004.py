from .record import Note

note = Note("004", "", {})
