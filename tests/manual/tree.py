"""Menu texts as chunks, so that an example can stand in the place of a part of a tree."""
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KHEYA = os.environ.get('KHEYA', str(HERE.parents[1] / 'build/asan/kheya'))
# sections whose entries are put in one by one
SECTIONS = {'types', 'records', 'queries', 'screens', 'services', 'sms', 'backends', 'keywords', 'words'}
KEY = re.compile(r'("?[\w*-]+"?):( |$)')


def split(text, indent=0):
    """Lines of a map to [(key, lines)] in order; comments and blank lines go with what follows them."""
    chunks, waiting = [], ''
    for line in text.splitlines(keepends=True):
        body = line[indent:]
        match = KEY.match(body)
        if match and line[:indent].isspace() == (indent > 0):
            chunks.append([match[1], waiting + line])
            waiting = ''
        elif not body.strip() or body.startswith('#'):
            waiting += line
        elif chunks:
            chunks[-1][1] += waiting + line
            waiting = ''
        else:
            raise ValueError(f'no key in {line!r}')
    return [(k, lines) for k, lines in chunks]


def entries(lines):
    """Those of a section in block style; None where it is written in one line."""
    head, _, rest = lines.partition('\n')
    return split(rest, 2) if head.rstrip().endswith(':') else None


def put(base, example):
    """The base tree's text with the example's keys and entries in their places."""
    tree = dict(split(base))
    for key, lines in split(example):
        new = entries(lines) if key in SECTIONS else None
        old = entries(tree[key]) if new is not None and key in tree else None
        if old is not None:
            merged = dict(old)
            merged.update(new)
            lines = f'{key}:\n' + ''.join(merged.values())
        tree[key] = lines
    return ''.join(tree.values())


def check(files):
    """What kheya check --json says of a folder with these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        done = subprocess.run([KHEYA, 'check', '--json', folder], capture_output=True, text=True, timeout=60)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)
