"""`resay`, as spark-submit starts it: the driver is this process, and its master and memory are those that spark-submit was given.

    spark-submit --master spark://HOST:7077 --jars "$(make -s spark | tail -1)/*.jar" \
        deploy/spark/submit.py learn --engine spark --home /mnt/shared/resay

The home lies on storage that every worker sees under the same path. The workers' Python (PYSPARK_PYTHON, else their `python3`) has `resay`
installed, of the same version: the chain is solved there.
"""

from __future__ import annotations

from resay.commands.main import main

if __name__ == "__main__":
    main()
