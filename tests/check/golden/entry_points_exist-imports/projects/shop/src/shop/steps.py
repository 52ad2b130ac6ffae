import shop.weeks
import shop.week.deep
from shop import weeks, demnad
from shop.weeks import note, other, daily
from shop.missing import x


def rows(sales): ...
