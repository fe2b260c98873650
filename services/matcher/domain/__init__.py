"""The rules of the matcher, pure: facts and moments in, state and events out."""
