#!lua flags=allow-oom
-- Takes some jobs out of a claim and puts them at the back of the queue.
local queue, started, claim = KEYS[1], KEYS[2], KEYS[3]
local claim_id = ARGV[1]
for argument = 2, #ARGV do
    local id = ARGV[argument]
    if redis.call('LREM', claim, 1, id) == 1 then
        redis.call('ZREM', started, id .. ':' .. claim_id)
        redis.call('RPUSH', queue, id)
    end
end
