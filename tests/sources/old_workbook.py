"""A workbook of Excel 97 (XLS), which nothing here can write any more: one sheet "2019" with three columns and two rows."""

import base64
import zlib

PACKED = (
    "eNrtWE1oU0EQ/vYlaX5I89dUaIUSClatKSTVgx7aaKn2oCnViz+I2pigUk0kxIMetFrjTRBERPFSqIdcql78QQW9eRAqehAEIdGL"
    "4ElQ8NDmOTN5qWmt0IAWqu977Ozs7M7svN2d3X3v1ZS/OH6vtYR56IUFZd2JhhqZouSsFnygel1ntpo7KOkmlhWcDprIBhseN760"
    "8xzyfJeg4a71OVHgA6X9OInBTDoVWkL0iQ/Din3oIapwiyQetIhXAaGHhTYJvSMtnwjdLJLLQnuobVHtw1RssHOjsYr3aO1S5wHb"
    "fSA670QSRTNe8Co+d0VV2tqwJXts+Pgyq2izujEBmtCBVDqV5bIXt+EC9hK64vGu/v4igjTZE/imh4Cv1ah+FjLlSytXIPn3uXL7"
    "b+QOmsT58quaFRiFfkiCJA83mqxcY0V3JLppGmFaE5BE9Z+uXT9A7IlMOneUIj1xKnkklbMAkWiEaXfExVu8bAm+OVtCo4SKm2gS"
    "XuH9EjA+8mm68OV1PDEUOyiSUTkGKofFKvYNOs6zBil7pMYySztFY53QC2J1pfCtQoPkNeUdQ80Gs21M2lyU2g7qZ73gTWx1Db+G"
    "+PznnQ/b8h9ja4mfHCidCU6+jY2jnQ6vJOnzM4awCqubNxiPYtVcGRvLe6Etv2wyDs1n+K4bJ6IXMxxWBL/QSolHR82WNGOsWFst"
    "oK1Em8fjrOYS7wJwFTRYaLyUaG8w3o0taAtY0MQCj/VTeQO2cKnAmn3bd1C5VwvgPjeirfEnXDBhwoQJEyZMmDDx30HJBbVyHbca"
    "Hwp84bcb/3VmKJXN3yT/LHYhQ0+OPiq3Ik15FqfrWj8rYFNVW2qROtX/hYzd1HsWI0iIHyN1r1/63FG177NoRd+fC6F6+y/X4+df"
    "7v8HB+DXyg=="
)


def content() -> bytes:
    return zlib.decompress(base64.b64decode(PACKED))
