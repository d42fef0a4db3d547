// What the network of Python reads in the tour: quotes, comments and indentation, from a clean beginning.

export const CODE = `import os
import sys

# The names of all files that hold text.
SUFFIXES = (".txt", ".rst", '.py')


def read(path, encoding="utf-8"):
    """Return the text of the file at path."""
    with open(path, encoding=encoding) as file:
        return file.read()


def count(folder):
    # Hidden files are left out.
    found = {}
    for name in os.listdir(folder):
        if name.startswith("."):
            continue
        if name.endswith(SUFFIXES):
            text = read(os.path.join(folder, name))
            for word in text.split():
                # The case of a word does not matter.
                found[word.lower()] = found.get(word.lower(), 0) + 1
    return found


if __name__ == "__main__":
    for word, times in count(sys.argv[1]).items():
        print("%s: %d times" % (word, times))
`;
