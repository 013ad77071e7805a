#!lua flags=allow-oom
-- Ends a claim, or leaves only some of its jobs in it.
local claims, claim, claim_id = KEYS[1], KEYS[2], ARGV[1]
if not redis.call('ZSCORE', claims, claim_id) then return 0 end
redis.call('DEL', claim)
if #ARGV > 1 then redis.call('RPUSH', claim, unpack(ARGV, 2)) else redis.call('ZREM', claims, claim_id) end
return 1
