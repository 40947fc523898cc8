"""A worker that only asks a server needs no model library: the extra `neural` may be absent."""

import subprocess
import sys


def test_no_model_library_is_imported() -> None:
    script = (
        "import sys\n"
        "import generators.backends.language.openai_lyrics, generators.backends.language.openai_words\n"
        "print(sorted({'torch', 'transformers', 'tokenizers', 'diffusers'} & sys.modules.keys()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert found.stdout.strip() == "[]"
