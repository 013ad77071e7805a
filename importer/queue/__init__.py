"""What Redis holds: the RQ queues, the checkpoints, and the names of all keys.

RQ pickles by default, and so does rq-dashboard. To read a pickle is to run what it says, so whoever can write to
Redis could run code in every process that looks at a job. Both get every reader and writer from one class, which
is given JSON here: wherever RQ leaves its serializer to the default, in jobs, results, meta, dependencies and
workers, and whatever a later release of it forgets to pass on.
"""

from rq.serializers import DefaultSerializer, JSONSerializer

DefaultSerializer.dumps = JSONSerializer.dumps
DefaultSerializer.loads = JSONSerializer.loads
