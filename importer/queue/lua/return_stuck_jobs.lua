#!lua flags=allow-oom
-- Puts back the jobs that have stood too long between RQ's pop and a claim. An id without a job (it was queued
-- twice, and has ended) is dropped: RQ's pop leaves it there, and it would count as a queued row for ever.
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
