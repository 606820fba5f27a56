"""What is shown in the place of a picture that cannot be shown: paper, and nothing on it. The page says the words."""

import base64
import zlib

# A JPEG of 320 by 240 pixels, all #efece6. A constant, so that the server need not load a picture library to draw it.
PLACEHOLDER = zlib.decompress(
    base64.b64decode(
        "eNrtjk8OwUAUh3+vozPtROikNaUI0WAqJG5AIpFwDvdwFQsHsXAIfzaO4AajtcPKUuJ7uy9f3nv2ZG8I1svVEkQA5QN7xQK85HK3"
        "xLnLheCeDKT0fRlVquUgjur1ONI6afc7STNtad0dd9PBMBtljc5kOjHTvslMsYSEENKToZShSXRivsYeoDzcac6oB0cRU2SPqD1f"
        "fcHLdRS8W+RWE73XDitq9VlfUGaU32EKM+yx2eHPT7O15wdI+SjS"
    )
)
