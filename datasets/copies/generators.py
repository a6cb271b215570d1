"""Release dates of generators that many data sets hold, by the names that their folders usually have."""

import re

# Month of the first version of the paper on arXiv, or of the first public weights where that is said.
RELEASED = {
    "cyclegan": "2017-03",  # 1703.10593
    "cramergan": "2017-05",  # 1705.10743
    "progan": "2017-10",  # 1710.10196
    "pggan": "2017-10",
    "stargan": "2017-11",  # 1711.09020
    "sngan": "2018-02",  # 1802.05957
    "biggan": "2018-09",  # 1809.11096
    "stylegan": "2018-12",  # 1812.04948
    "gaugan": "2019-03",  # 1903.07291
    "stylegan2": "2019-12",  # 1912.04958
    "ddpm": "2020-06",  # 2006.11239
    "vqgan": "2020-12",  # 2012.09841
    "iddpm": "2021-02",  # 2102.09672
    "adm": "2021-05",  # 2105.05233
    "stylegan3": "2021-06",  # 2106.12423
    "projectedgan": "2021-11",  # 2111.01007
    "glide": "2021-12",  # 2112.10741
    "ldm": "2021-12",  # 2112.10752
    "pndm": "2022-02",  # 2202.09778
    "dalle2": "2022-04",  # 2204.06125
    "stablediffusion": "2022-08",  # public weights of version 1
    "sdxl": "2023-07",  # 2307.01952
}


def generator_release(name: str) -> str:
    """
    Return the release date of a generator by the name of its folder; empty if it is not among `RELEASED`.

    Case, spaces and punctuation do not count: ``StyleGAN-2`` is ``stylegan2``. No other spelling is guessed.
    """
    return RELEASED.get(re.sub(r"[\W_]+", "", name.lower()), "")
