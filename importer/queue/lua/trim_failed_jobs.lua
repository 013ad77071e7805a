#!lua flags=allow-oom
-- Deletes the oldest failed jobs, down to a number.
local surplus = redis.call('ZCARD', KEYS[1]) - ARGV[1]
if surplus <= 0 then return 0 end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, surplus - 1)) do
    redis.call('ZREM', KEYS[1], id)
    redis.call('DEL', ARGV[2] .. id, ARGV[3] .. id)
end
return surplus
