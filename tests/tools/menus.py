"""What a folder of menus holds, read without Kheya."""
from pathlib import Path

import yaml

ASIDE = ('none', 'fail', 'empty', 'wrong', 'expired', 'locked', 'closed', 'again', 'refused', 'late')


def read(folder):
    """{screen: its map}, of a tree without errors; an input that offers the codes of a choice says how many in 'codes'."""
    screens, choices = {}, {}
    for file in sorted(Path(folder).rglob('*.y*ml')):
        place = file.relative_to(folder)
        if 'dialogs' in place.parts or file.name.startswith('.'):
            continue
        prefix = '' if str(place) == 'kheya.yaml' else '.'.join(place.with_suffix('').parts).replace('-', '_') + '.'
        whole = yaml.load(file.read_text(), Loader=yaml.CBaseLoader) or {}
        for name, screen in (whole.get('screens') or {}).items():
            screens[prefix + name] = screen
        choices.update({name: len(t['choice']) for name, t in (whole.get('types') or {}).items() if 'choice' in t})
    for screen in screens.values():
        asked = screen.get('input') or {}
        screen['codes'] = choices.get(asked.get('type', asked.get('into')), 1)
    return screens


def full(screens, screen, name):
    """A screen's name as another says it."""
    own = screen.rpartition('.')[0]
    return f'{own}.{name}' if own and f'{own}.{name}' in screens else name


def branches(go):
    """Targets of a goto."""
    return [go] if isinstance(go, str) else [branch['to'] for branch in go]


def exits(screens, name):
    """[(kind, target)] of every way out of a screen; kind '' is the usual one."""
    screen = screens[name]
    parts = screen.get('do') or [screen]
    found = []
    for part in [*parts, screen.get('list') or {}]:
        found += [(kind, part[kind]) for kind in ASIDE if isinstance(part.get(kind), str)]
        call = part.get('call')
        if call:
            found.append(('call', call['to']))
    for owner in [screen, screen.get('list') or {}, *(screen.get('options') or {}).values()]:
        if 'goto' in owner:
            found += [('', to) for to in branches(owner['goto'])] * (screen['codes'] if owner is screen else 1)
    return sorted((kind, full(screens, name, to)) for kind, to in found)
