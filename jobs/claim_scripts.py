"""The Lua scripts by which claims move row jobs in Redis; `jobs/claiming.py` calls them."""

TAKE = """#!lua flags=allow-oom
local queue, intermediate, started, claims, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local setbacks = KEYS[6]
local first, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claim_id, job_prefix = ARGV[4], ARGV[5]
local limits = {}
for argument = 6, #ARGV, 2 do limits[ARGV[argument]] = tonumber(ARGV[argument + 1]) end
local ids, counts, members = {}, {}, {}
local has_setbacks = redis.call('EXISTS', setbacks) == 1

local function setback_of(id)
    if not has_setbacks then return nil end
    local fields = redis.call('HMGET', job_prefix .. id, 'deaths', 'timeouts')
    if fields[1] then return {id, fields[1], fields[2] or 0} end
end

local function take(id, setback)
    ids[#ids + 1] = id
    counts[#counts + 1] = setback
    members[#members + 1] = '+inf'
    members[#members + 1] = id .. ':' .. claim_id
end

for _, id in ipairs(redis.call('LRANGE', claim, 0, -1)) do take(id, setback_of(id)) end
if #ids > 0 then return {ids, counts} end
if first ~= '' then
    if redis.call('LREM', intermediate, 1, first) == 0 then return {} end
    take(first, setback_of(first))
end
local head = ids[1] or redis.call('LINDEX', queue, 0)
local prefix = head and string.match(head, '^[^_]*_')
if counts[1] or not prefix then limit = 1 else limit = limits[prefix] or limit end
local neighbours = {}
if #ids < limit then neighbours = redis.call('LRANGE', queue, 0, limit - #ids - 1) end
local passed = 0
for _, id in ipairs(neighbours) do
    if prefix and string.sub(id, 1, #prefix) ~= prefix then break end
    local setback = setback_of(id)
    if setback and #ids > 0 then break end
    passed = passed + 1
    take(id, setback)
    if setback then break end
end
if #ids == 0 then return {} end
if passed > 0 then redis.call('LTRIM', queue, passed, -1) end
redis.call('ZADD', started, unpack(members))
redis.call('RPUSH', claim, unpack(ids))
local now = redis.call('TIME')
redis.call('ZADD', claims, now[1] * 1000 + math.floor(now[2] / 1000) + lease, claim_id)
return {ids, counts}
"""
"""Neighbours are of the same import, which may have its own limit. A job with a setback is taken alone, and so is
one whose id is no row job's; jobs are looked at for setbacks only while there may be one. A call that is repeated,
because its reply was lost, is answered as before. Nothing else is done job by job: each command that a script
calls, and each value that it is given, costs about 1 µs. `unpack` bears about 8,000 values, more than the two
for each job of the largest claim."""

END = """#!lua flags=allow-oom
local claims, claim, claim_id = KEYS[1], KEYS[2], ARGV[1]
if not redis.call('ZSCORE', claims, claim_id) then return 0 end
redis.call('DEL', claim)
if #ARGV > 1 then redis.call('RPUSH', claim, unpack(ARGV, 2)) else redis.call('ZREM', claims, claim_id) end
return 1
"""
"""Ends a claim, or leaves only some of its jobs in it."""

DROP = """#!lua flags=allow-oom
local started, claims, claim, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local claim_id, job_prefix, result_prefix = ARGV[1], ARGV[2], ARGV[3]
if redis.call('ZREM', claims, claim_id) == 0 then return 0 end
for _, id in ipairs(redis.call('LRANGE', claim, 0, -1)) do
    redis.call('DEL', job_prefix .. id, result_prefix .. id)
    redis.call('ZREM', started, id .. ':' .. claim_id)
    redis.call('ZREM', failed, id)
end
redis.call('DEL', claim)
return 1
"""
"""Ends a claim whose rows have not ended: only whoever holds it may delete its jobs."""

GIVE_BACK = """#!lua flags=allow-oom
local queue, started, claims, claim, setbacks = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local claim_id, job_prefix, reason, setback_seconds = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('ZREM', claims, claim_id) == 0 then return 0 end
local ids, returned = redis.call('LRANGE', claim, 0, -1), 0
redis.call('DEL', claim)
if reason == 'died' or reason == 'timeout' then redis.call('SET', setbacks, 1, 'EX', setback_seconds) end
for position = #ids, 1, -1 do
    local id = ids[position]
    local key = job_prefix .. id
    redis.call('ZREM', started, id .. ':' .. claim_id)
    if redis.call('EXISTS', key) == 1 then
        if reason == 'died' or reason == 'timeout' then
            redis.call('HSETNX', key, 'deaths', 0)
            if #ids == 1 then redis.call('HINCRBY', key, reason == 'died' and 'deaths' or 'timeouts', 1) end
        end
        redis.call('LPUSH', queue, id)
        returned = returned + 1
    end
end
return returned
"""
"""Jobs that ended have left the claim, or are gone."""

PUT_BACK = """#!lua flags=allow-oom
local queue, started, claim = KEYS[1], KEYS[2], KEYS[3]
local claim_id = ARGV[1]
for argument = 2, #ARGV do
    local id = ARGV[argument]
    if redis.call('LREM', claim, 1, id) == 1 then
        redis.call('ZREM', started, id .. ':' .. claim_id)
        redis.call('RPUSH', queue, id)
    end
end
"""
"""Single jobs of a claim, to the back of the queue."""

EXPIRED = """
local now = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], 0, now[1] * 1000 + math.floor(now[2] / 1000))
"""

UNSTICK = """#!lua flags=allow-oom
local queue, intermediate, seen = KEYS[1], KEYS[2], KEYS[3]
local now, patience, job_prefix = tonumber(redis.call('TIME')[1]), tonumber(ARGV[1]), ARGV[2]
local returned = 0
local here = {}
for _, id in ipairs(redis.call('LRANGE', intermediate, 0, -1)) do
    here[id] = true
    local first = redis.call('HGET', seen, id)
    if not first then
        redis.call('HSET', seen, id, now)
    elseif now - first >= patience then
        redis.call('LREM', intermediate, 1, id)
        redis.call('HDEL', seen, id)
        if redis.call('EXISTS', job_prefix .. id) == 1 then
            redis.call('LPUSH', queue, id)
            returned = returned + 1
        end
    end
end
for _, id in ipairs(redis.call('HKEYS', seen)) do
    if not here[id] then redis.call('HDEL', seen, id) end
end
return returned
"""
"""An id whose job is gone (it was queued twice, and has ended) is dropped: RQ's pop passes over it and leaves it
there, and it would count as a queued row for ever."""
