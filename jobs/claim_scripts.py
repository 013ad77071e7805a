"""The Lua scripts by which claims move row jobs in Redis; `jobs/claiming.py` calls them."""

TAKE = """#!lua flags=allow-oom
local queue, intermediate, started, claims, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local first, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claim_id, worker, job_prefix, moment, bytes_left = ARGV[4], ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local limits = {}
for argument = 9, #ARGV, 2 do limits[ARGV[argument]] = tonumber(ARGV[argument + 1]) end
local ids, datas, counts, members = {}, {}, {}, {}

local function fields_of(id) return redis.call('HMGET', job_prefix .. id, 'data', 'deaths', 'timeouts') end

local function hand_out(id, fields)
    ids[#ids + 1] = id
    datas[#datas + 1] = fields[1]
    if fields[2] or fields[3] then counts[#counts + 1] = {id, fields[2] or 0, fields[3] or 0} end
end

local function take(id, fields)
    redis.call('HSET', job_prefix .. id, 'status', 'started', 'worker_name', worker, 'started_at', moment)
    members[#members + 1] = '+inf'
    members[#members + 1] = id .. ':' .. claim_id
    hand_out(id, fields)
    bytes_left = bytes_left - #fields[1]
end

for _, id in ipairs(redis.call('LRANGE', claim, 0, -1)) do
    local fields = fields_of(id)
    if fields[1] then hand_out(id, fields) end
end
if #ids > 0 then return {ids, datas, counts} end
if first ~= '' then
    if redis.call('LREM', intermediate, 1, first) == 0 then return {} end
    local fields = fields_of(first)
    if not fields[1] then return {} end
    take(first, fields)
    if fields[2] then bytes_left = 0 end
end
local passed, neighbours = 0, {}
local head = ids[1] or redis.call('LINDEX', queue, 0)
local prefix = head and string.match(head, '^[^_]*_')
limit = limits[prefix] or limit
if #ids < limit then neighbours = redis.call('LRANGE', queue, 0, limit - #ids - 1) end
for _, id in ipairs(neighbours) do
    if bytes_left <= 0 then break end
    if prefix and string.sub(id, 1, #prefix) ~= prefix then break end
    local fields = fields_of(id)
    if fields[2] and #ids > 0 then break end
    passed = passed + 1
    if fields[1] then take(id, fields) end
    if fields[2] then break end
end
if passed > 0 then redis.call('LTRIM', queue, passed, -1) end
if #ids == 0 then return {} end
redis.call('ZADD', started, unpack(members))
redis.call('RPUSH', claim, unpack(ids))
local now = redis.call('TIME')
redis.call('ZADD', claims, now[1] * 1000 + math.floor(now[2] / 1000) + lease, claim_id)
return {ids, datas, counts}
"""
"""Neighbours are of the same import, which may have its own limit. A job with a count of deaths is taken alone.
A call that is repeated, because its reply was lost, is answered as before. What can be said of all jobs in one
command is: each command that a script calls costs about 0.7 µs by itself. `unpack` bears about 8,000 values, twice
what a claim may hold."""

CLEAR = """#!lua flags=allow-oom
local started, claims, claim, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local claim_id, job_prefix, result_prefix = ARGV[1], ARGV[2], ARGV[3]
if not redis.call('ZSCORE', claims, claim_id) then return 0 end
local is_kept, kept, keys, members, ids = {}, {}, {}, {}, {}
for argument = 4, #ARGV do is_kept[ARGV[argument]] = true end
for _, id in ipairs(redis.call('LRANGE', claim, 0, -1)) do
    if is_kept[id] then
        kept[#kept + 1] = id
    else
        keys[#keys + 1] = job_prefix .. id
        keys[#keys + 1] = result_prefix .. id
        members[#members + 1] = id .. ':' .. claim_id
        ids[#ids + 1] = id
    end
end
if #ids > 0 then
    redis.call('DEL', unpack(keys))
    redis.call('ZREM', started, unpack(members))
    redis.call('ZREM', failed, unpack(ids))
end
redis.call('DEL', claim)
if #kept > 0 then redis.call('RPUSH', claim, unpack(kept)) else redis.call('ZREM', claims, claim_id) end
return 1
"""
"""Deletes the jobs of a claim but those to be kept; where none is, the claim ends."""

GIVE_BACK = """#!lua flags=allow-oom
local queue, started, claims, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local claim_id, job_prefix, reason = ARGV[1], ARGV[2], ARGV[3]
if redis.call('ZREM', claims, claim_id) == 0 then return 0 end
local ids, returned = redis.call('LRANGE', claim, 0, -1), 0
redis.call('DEL', claim)
for position = #ids, 1, -1 do
    local id = ids[position]
    local key = job_prefix .. id
    local is_ours = redis.call('ZREM', started, id .. ':' .. claim_id) == 1
    if is_ours and redis.call('HGET', key, 'status') == 'started' then
        redis.call('HSET', key, 'status', 'queued')
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
"""A job that has left the registry under this claim was failed or cleared; if it is started, then by a retry."""

PUT_BACK = """#!lua flags=allow-oom
local queue, started, claim = KEYS[1], KEYS[2], KEYS[3]
local claim_id, job_prefix = ARGV[1], ARGV[2]
for argument = 3, #ARGV do
    local id = ARGV[argument]
    if redis.call('LREM', claim, 1, id) == 1 then
        redis.call('ZREM', started, id .. ':' .. claim_id)
        redis.call('HSET', job_prefix .. id, 'status', 'queued')
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
