# SPDX-License-Identifier: Apache-2.0
from django.contrib.auth.hashers import ScryptPasswordHasher


class CheapScryptHasher(ScryptPasswordHasher):
    """Django's scrypt with the cost that the benchmark gives our server: PASSWORD_SCRYPT_COST=1024, r 8, p 1."""

    work_factor = 1024
    parallelism = 1
