#!lua flags=allow-oom
-- Ends a claim and puts its jobs back at the front of the queue, in their order. Jobs that have ended are not
-- among them: they have left the claim, or are gone.
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
