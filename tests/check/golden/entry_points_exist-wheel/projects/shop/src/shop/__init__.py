from .run import main
