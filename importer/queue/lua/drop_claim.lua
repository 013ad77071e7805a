#!lua flags=allow-oom
-- Ends a claim whose rows have not ended: only whoever holds it may delete its jobs.
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
