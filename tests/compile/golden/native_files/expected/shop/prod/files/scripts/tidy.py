import sys

import folders

folders.tidy(sys.argv)
