import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithRecipes(build_py):
    """The recipes lie at the top, where users copy them from; an installation has them inside the package."""

    def run(self):
        super().run()
        if not self.editable_mode:
            shutil.copytree("recipes", Path(self.build_lib, "hf_mixtrain", "recipes"), dirs_exist_ok=True)


setup(cmdclass={"build_py": WithRecipes})
