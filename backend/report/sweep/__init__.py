"""Report of a sweep that was run elsewhere: sheet for approval, answers, figures, next runs, columns."""
