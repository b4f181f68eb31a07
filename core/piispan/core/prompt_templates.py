"""Prompt styles of one's own: a Jinja template that calls ``user`` and ``assistant`` for each turn.

.. code-block:: jinja

    {% call user() %}
    {{ task }}
    {% for label in labels %}
    - {{ label.name }}: {{ label.description }}
    {% endfor %}
    {% endcall %}
    {% call assistant() %}I will.{% endcall %}
    {% for example in examples %}
    {% call user() %}{{ example.text }}{% endcall %}
    {% call assistant() %}{{ example.answer }}{% endcall %}
    {% endfor %}
    {% call user() %}
    Text:
    {{ text }}
    {% endcall %}

Variables: ``task``, what the output format asks for; ``labels``, each with ``name`` and ``description``; ``examples``, each with ``text``
and ``answer``; ``text``, once, in the last turn of the user. White space around a turn is cut off. The template never sees the text: it is
put in afterwards, so that all that stands before it is the same for every document.

A template may come with an adapter of someone else's. It reads no file and no attribute of Python's, but what time and memory it takes
is not limited.
"""

import re
from collections.abc import Callable, Iterable
from itertools import cycle

from piispan.core.errors import FormatError
from piispan.core.labels import LabelSet
from piispan.core.messages import Message, assistant, user

__all__ = ["TEMPLATE_ENDING", "render_template"]

TEMPLATE_ENDING = ".jinja"
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")
"""Stands in what Python shows of a function: another one in each process."""
_TEXT = "\N{OBJECT REPLACEMENT CHARACTER}piispan:text\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for the text while a template is rendered."""


def render_template(source: str, task: str, labels: LabelSet, examples: Iterable[tuple[str, str]]) -> tuple[list[Message], tuple[str, str]]:
    """The turns before the last, and what stands before and after the text in the last.

    Args:
        source: The template.
        task: What the output format asks for.
        labels: The labels the model may use.
        examples: Texts and answers.

    Raises:
        FormatError: If the template is no Jinja, fails, writes outside its turns, or its turns do not alternate from the user to the user,
            with the text once, in the last.
    """
    shown = list(examples)
    turns, rest = _rendered(source, task, labels, shown)
    if (turns, rest) != _rendered(source, task, labels, shown) or any(_ADDRESS.search(turn["content"]) for turn in turns):
        raise FormatError("prompt template: says something else each time; a model must be asked as it was trained")
    if rest.strip():
        raise FormatError("prompt template: writes outside its turns; put every word into {% call user() %} or {% call assistant() %}")
    if [turn["role"] for turn in turns] != [role for role, _ in zip(cycle(("user", "assistant")), turns, strict=False)]:
        raise FormatError("prompt template: turns must alternate, the user's first")
    if not turns or turns[-1]["role"] != "user":
        raise FormatError("prompt template: the last turn must be the user's, and hold {{ text }}")
    if empty := [number for number, turn in enumerate(turns, 1) if not turn["content"]]:
        raise FormatError(f"prompt template: turn {empty[0]} is empty")
    if [turn["content"].count(_TEXT) for turn in turns] != [0] * (len(turns) - 1) + [1]:
        raise FormatError("prompt template: {{ text }} must stand once, in the last turn of the user")
    before, _, after = turns[-1]["content"].partition(_TEXT)
    return turns[:-1], (before, after)


def _rendered(source: str, task: str, labels: LabelSet, examples: Iterable[tuple[str, str]]) -> tuple[list[Message], str]:
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    del environment.globals["lipsum"], environment.filters["random"]
    turns: list[Message] = []

    def block(make: Callable[[str], Message]) -> Callable[..., str]:
        def add(caller: Callable[[], str]) -> str:
            turns.append(make(caller().strip()))
            return ""

        return add

    try:
        rest = environment.from_string(source).render(
            task=task,
            labels=[{"name": label.name, "description": label.description} for label in labels],
            examples=[{"text": text, "answer": answer} for text, answer in examples],
            text=_TEXT,
            user=block(user),
            assistant=block(assistant),
        )
    except TemplateSyntaxError as error:
        raise FormatError(f"prompt template, line {error.lineno}: {error.message}") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError) as error:
        raise FormatError(f"prompt template: cannot be rendered: {error or type(error).__name__}") from None
    return turns, rest
