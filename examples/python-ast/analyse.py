"""What the interpreters do: parse one file of Python and report on its functions."""

import ast
import hashlib
import zipfile

_archives = {}


def read(name):
    """The text of a file; ARCHIVE.zip!MEMBER is one in an archive."""
    archive, mark, member = name.partition("!")
    if not mark:
        with open(name, "rb") as file:
            return file.read()
    if archive not in _archives:
        _archives[archive] = zipfile.ZipFile(archive)
    return _archives[archive].read(member)


def analyse(name):
    """Returns (bytes, nodes, functions, [(digest of a function's code, its name, its lines), …]), or what is wrong with the file."""
    source = read(name)
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    nodes = 0
    functions = []
    for node in ast.walk(tree):
        nodes += 1
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            functions.append((_digest(node), node.name, lines))
    return len(source), nodes, functions


def _digest(function):
    """Equal for functions that differ only in their names, docstrings and comments."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    code = "\n".join([ast.dump(function.args), *map(ast.dump, body)])
    return hashlib.sha256(code.encode()).hexdigest()[:16]
