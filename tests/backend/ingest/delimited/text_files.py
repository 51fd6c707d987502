"""Text tables of a few rows, and what a reading of them shows."""

ROWS = 24


def body(line, count=ROWS):
    return "".join(
        line.format(i=i, half=i / 2, third=i % 3, ab="ab"[i % 2], big=1000 + 37 * i) + "\n"
        for i in range(count)
    )


def profile_of(prepared):
    return prepared.manifest.profile


def column(prepared, name):
    return next(each for each in profile_of(prepared).columns if each.name == name)


def notes(prepared):
    return {note.code.removeprefix("dataset.") for note in profile_of(prepared).notes}


def decision(prepared, option):
    return next(each for each in profile_of(prepared).decisions if each.option == option)


def names(prepared):
    return [each.name for each in profile_of(prepared).columns]


PLAIN = "a,b,kind\n" + body("{half},{big},{ab}")
