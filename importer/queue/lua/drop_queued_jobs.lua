#!lua flags=allow-oom
-- Takes the jobs whose ids have a prefix off the lists, and deletes them.
for _, list in ipairs(KEYS) do
    local kept = {}
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do
        if string.sub(id, 1, #ARGV[1]) == ARGV[1] then
            redis.call('DEL', ARGV[2] .. id, ARGV[3] .. id)
        else
            kept[#kept + 1] = id
        end
    end
    redis.call('DEL', list)
    for first = 1, #kept, 5000 do
        redis.call('RPUSH', list, unpack(kept, first, math.min(first + 4999, #kept)))
    end
end
